import type { LastCheckpoint } from '../activities/types.js';
import { emptyDurationMaxMs } from '../src/inputs/rounds.js';
import { roundLimits } from './options.js';

type Position = Pick<LastCheckpoint, 'generation' | 'pages' | 'caughtUp' | 'isBeingRead'>;

/** For the request that a round ends with, and for enriching and writing it. */
const marginMs = 30_000;

/** A walk that has committed nothing for this long may have ended: no round takes longer to be read than this allows. */
const quietMaxMs = Math.max(roundLimits.durationMaxMs, emptyDurationMaxMs) + marginMs;

const firstLookMs = roundLimits.durationMaxMs;
const lookMaxMs = 30_000;

/**
 * Another walk of the same collector, which is faster or was first. While it makes progress, both would read every page.
 */
export class OtherWalk {
  #seen: { generation: number; pages: number } | undefined;
  /** True if only staged pages speak of the other walk. */
  #isSuspected = false;
  #quietMs = 0;
  #lookMs = firstLookMs;

  /** The other walk has moved the checkpoint, of this generation. */
  overtook(generation: number): void {
    this.#begin({ generation, pages: -1 }, false);
  }

  /** Somebody has staged pages from the checkpoint on, and it is not this walk, which has read nothing yet. */
  wasFirst({ generation, pages }: Position): void {
    this.#begin({ generation, pages }, true);
  }

  #begin(seen: { generation: number; pages: number }, isSuspected: boolean): void {
    this.#seen = seen;
    this.#isSuspected = isSuspected;
    this.#quietMs = 0;
    this.#lookMs = firstLookMs;
  }

  /**
   * Returns how long to wait before the next look at the checkpoint; 0 if no other walk is at work: it has caught up, a
   * reset or a rewind sends all walks back, or nothing has been committed for a whole round.
   */
  waitMs({ generation, pages, caughtUp, isBeingRead }: Position): number {
    const seen = this.#seen;
    if (seen === undefined) return 0;
    const moves = pages > seen.pages;
    if (moves) {
      this.#isSuspected = false;
      this.#quietMs = 0;
    }
    const isAlone = this.#isSuspected && !isBeingRead;
    if (seen.generation !== generation || caughtUp || isAlone || this.#quietMs >= quietMaxMs) {
      this.#seen = undefined;
      return 0;
    }
    this.#seen = { generation, pages };
    const waitMs = Math.min(this.#lookMs, quietMaxMs - this.#quietMs);
    this.#quietMs += waitMs;
    this.#lookMs = Math.min(this.#lookMs * 2, lookMaxMs);
    return waitMs;
  }
}
