import { continueAsNew, setCurrentDetails, setHandler } from '@temporalio/workflow';
import { runFailure } from './failure.js';
import { parseInput, sinkOffloadInput } from './input.js';
import { type SinkProgress, sinkProgressQuery } from './messages.js';
import { offloadInWords } from './offload-progress.js';
import { nothingSent, sendBatches, showAttempts } from './send-batches.js';

/**
 * Sends a collector's events to one of its sinks. Child of `offloadEvents` for a collector with several sinks, so that
 * each goes at its own pace. Continues as new when its history grows long.
 */
export async function offloadToSink(input: unknown, carried?: SinkProgress): Promise<SinkProgress> {
  const task = parseInput(sinkOffloadInput, input, '{"collector":"asa","sink":"archive"}');
  const progress = carried ?? nothingSent();
  setHandler(sinkProgressQuery, () => progress);
  const show = () =>
    setCurrentDetails(offloadInWords({ collector: task.collector, sinks: { [task.sink]: progress }, cleared: 0 }));
  showAttempts((sink) => (sink === task.sink ? progress : undefined), show);
  show();
  await sendBatches(task, progress, show).catch((error: unknown) => {
    throw runFailure(error);
  });
  if (progress.state === 'sending') return continueAsNew<typeof offloadToSink>(task, progress);
  return progress;
}
