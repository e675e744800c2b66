import type { z } from 'zod';
import type { sinkOffloadInput } from '../src/inputs/workflows.js';
import { historyIsFull } from './history.js';
import type { SinkProgress } from './messages.js';
import { offloadActivities, stepOptions } from './options.js';

/** What to send to one sink, and how. */
export type SinkTask = z.infer<typeof sinkOffloadInput>;

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
      progress.state = sent.more ? 'sending' : 'done';
      onProgress();
      if (!sent.more) return;
    }
  } catch (error) {
    progress.state = 'failed';
    throw error;
  } finally {
    onProgress();
  }
}

export function addTo(progress: SinkProgress, sent: Omit<SinkProgress, 'state' | 'workflow' | 'failure'>): void {
  for (const count of ['batches', 'events', 'bytes', 'unmapped', 'refused'] as const) progress[count] += sent[count];
}
