import { setTimeout as sleep } from 'node:timers/promises';
import type { Progress } from '../../workflows/messages.js';
import { TrawlError } from '../errors.js';
import type { ProgressLine } from './progress-line.js';

/** Queries about a run that is being waited for. Each may fail at any time and is then repeated. */
export interface WatchedRun {
  /** Progress of the run; answered by a worker. */
  progress(): Promise<Progress>;
  /** Descriptions of the steps that fail and are retried; answered by the server. */
  troubles(): Promise<string[]>;
  /** Asks the server whether a worker polls the task queue. A killed worker still counts for a minute. */
  hasWorker(): Promise<boolean>;
}

export interface Patience {
  everyMs: number;
  /** Time without an answer from a worker after which a warning is shown. */
  tellAfterMs: number;
  /** Time without an answer after which, if no worker is left, waiting ends. */
  endAfterMs: number;
}

/** Source of time; tests replace it. */
export interface Clock {
  nowMs(): number;
  sleep(ms: number): Promise<unknown>;
}

const usualPatience: Patience = { everyMs: 500, tellAfterMs: 10_000, endAfterMs: 60_000 };
const systemClock: Clock = { nowMs: () => Date.now(), sleep };

/**
 * Shows a run's progress and problems, and whether a worker carries it out, until `over`. The three queries do not wait
 * for each other: without a worker, the query for progress hangs.
 * @param over never rejects.
 * @throws TrawlError NO_WORKER if the last worker has ended and none has replaced it.
 */
export async function watchRun(
  run: WatchedRun,
  line: Pick<ProgressLine, 'show' | 'trouble'>,
  over: Promise<unknown>,
  { everyMs, tellAfterMs, endAfterMs, clock }: Patience & { clock: Clock } = { ...usualPatience, clock: systemClock },
): Promise<void> {
  let ended = false;
  let gone = false;
  let silentSince = clock.nowMs();
  void over.then(() => {
    ended = true;
  });
  const repeat = async (step: () => Promise<void>): Promise<void> => {
    for (;;) {
      await Promise.race([clock.sleep(everyMs), over]);
      if (ended || gone) return;
      // No answer now: a worker or the server may be starting.
      await Promise.race([step().catch(() => undefined), over]);
    }
  };
  const show = async () => {
    const progress = await run.progress();
    silentSince = clock.nowMs();
    if (!ended) line.show(progress);
  };
  const tellTroubles = async () => {
    for (const trouble of await run.troubles()) if (!ended) line.trouble(trouble);
  };
  const findWorker = async () => {
    if (clock.nowMs() - silentSince < tellAfterMs) return;
    const isLeft = await run.hasWorker().catch((error: unknown) => {
      // The server is unavailable. When it is back, workers need time to reconnect.
      silentSince = clock.nowMs();
      throw error;
    });
    const silentMs = clock.nowMs() - silentSince;
    // A busy worker may have answered meanwhile.
    if (ended || silentMs < tellAfterMs) return;
    line.trouble(isLeft ? 'no worker answers: it is busy, or has ended' : `no worker is left: ${startOne}`);
    gone = !isLeft && silentMs >= endAfterMs;
  };
  // Not awaited if no worker is left: the query for progress would hang.
  const others = Promise.all([repeat(show), repeat(tellTroubles)]);
  await repeat(findWorker);
  if (gone) {
    throw new TrawlError('NO_WORKER', 'No worker carries out the run. It stays on the server.', {
      hint: `To continue it, ${startOne}.`,
    });
  }
  await others;
}

const startOne = 'start one with "trawl worker" where the store is';
