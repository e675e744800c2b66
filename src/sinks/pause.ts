import { setTimeout } from 'node:timers/promises';

/** Waits. Rejects with the signal's reason if it is aborted. */
export type Pause = (ms: number, signal?: AbortSignal) => Promise<void>;

export const pause: Pause = async (ms, signal) => {
  try {
    await setTimeout(ms, undefined, signal ? { signal } : {});
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
};
