import { setHandler } from '@temporalio/workflow';
import type { z } from 'zod';
import { failedAttempt } from '../src/inputs/attempts.js';
import type { sinkOffloadInput } from '../src/inputs/workflows.js';
import { historyIsFull } from './history.js';
import { attemptFailedSignal, type SinkProgress } from './messages.js';
import { offloadActivities, stepOptions } from './options.js';

/** What to send to one sink, and how. */
export type SinkTask = z.infer<typeof sinkOffloadInput>;

const counts = ['batches', 'events', 'bytes', 'unmapped', 'refused'] as const;
type Count = (typeof counts)[number];

export function nothingSent(): SinkProgress {
  return { state: 'sending', batches: 0, events: 0, bytes: 0, unmapped: 0, refused: 0 };
}

/**
 * Sends batch after batch to a sink until it has everything (state `done`) or the history is full (state `sending`).
 * Adds to `progress`, and calls `onProgress` after each step.
 * @throws the failure of the step; the state is then `failed`.
 */
export async function sendBatches(task: SinkTask, progress: SinkProgress, onProgress: () => void): Promise<void> {
  const { collector, sink, historyEventsMax, ...rest } = task;
  progress.state = 'sending';
  try {
    while (!historyIsFull(historyEventsMax)) {
      const summary = `${collector} to ${sink}: from batch ${progress.batches + 1}`;
      const sent = await offloadActivities.offloadBatches.executeWithOptions(
        stepOptions(collector, 'catch-up', summary),
        [{ collector, sink, ...rest }],
      );
      addTo(progress, sent);
      delete progress.attempt;
      progress.state = sent.more ? 'sending' : 'done';
      onProgress();
      if (!sent.more) return;
    }
  } catch (error) {
    progress.state = 'failed';
    delete progress.attempt;
    throw error;
  } finally {
    onProgress();
  }
}

/** Shows failed attempts of this run's steps as they are told. */
export function showAttempts(progressOf: (sink: string) => SinkProgress | undefined, onProgress: () => void): void {
  setHandler(attemptFailedSignal, (argument) => {
    const { data } = failedAttempt.safeParse(argument);
    const progress = data && progressOf(data.sink);
    if (progress?.state !== 'sending') return;
    progress.attempt = { number: data!.number, failure: data!.failure };
    onProgress();
  });
}

export function addTo(progress: SinkProgress, sent: Pick<SinkProgress, Count>): void {
  for (const count of counts) progress[count] += sent[count];
}
