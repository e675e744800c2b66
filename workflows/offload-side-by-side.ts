import { condition, patched, setCurrentDetails } from '@temporalio/workflow';
import { historyIsFull } from './history.js';
import type { OffloadProgress } from './messages.js';
import { offloadInWords, ofSink } from './offload-progress.js';
import { type SinkTask, sendBatches } from './send-batches.js';

const lookAgainMs = 30_000;

/**
 * How a run of version 0.2 and earlier sends to several sinks: all in one workflow. Kept only for runs that began then;
 * to be removed once none can be left.
 * @returns the failures of sinks, in the order of their occurrence
 */
export async function sendSideBySide(
  tasks: readonly SinkTask[],
  progress: OffloadProgress,
  historyEventsMax: number,
): Promise<unknown[]> {
  const failures: unknown[] = [];
  const show = () => setCurrentDetails(offloadInWords(progress));
  const looksAgain = patched('a sink that is done looks again while others send');
  const othersSend = (sink: string) =>
    Object.entries(progress.sinks).some(([other, { state }]) => other !== sink && state === 'sending');
  const send = (task: SinkTask) =>
    sendBatches(task, ofSink(progress, task.sink), show).catch((error: unknown) => void failures.push(error));

  async function keepSending(task: SinkTask): Promise<void> {
    const { sink } = task;
    await send(task);
    while (
      looksAgain &&
      ofSink(progress, sink).state === 'done' &&
      othersSend(sink) &&
      !historyIsFull(historyEventsMax)
    ) {
      if (await condition(() => !othersSend(sink), lookAgainMs)) return;
      await send(task);
    }
  }

  const open = tasks.filter(({ sink }) => progress.sinks[sink]?.state !== 'done');
  // Mark all of them first, so that each sees the others.
  for (const { sink } of open) ofSink(progress, sink).state = 'sending';
  await Promise.all(open.map(keepSending));
  return failures;
}
