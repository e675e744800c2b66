import { setTimeout as sleep } from 'node:timers/promises';
import type { Progress } from '../../workflows/messages.js';
import { TrawlError } from '../errors.js';
import type { ProgressLine } from './progress-line.js';

/** What is asked while a run is waited for. Each may fail at any time: it is asked again. */
export interface WatchedRun {
  /** Answered by a worker. */
  progress(): Promise<Progress>;
  /** What goes wrong and is tried again, in words; answered by the server. */
  troubles(): Promise<string[]>;
  /** Whether any worker takes work; answered by the server, for which a killed one counts for a minute yet. */
  hasWorker(): Promise<boolean>;
}

export interface Patience {
  everyMs: number;
  /** Without an answer of a worker for so long, the user is told. */
  tellAfterMs: number;
  /** Without one for so long, and with no worker left, the run is not waited for any more. */
  endAfterMs: number;
}

/** The time as the watching sees it. */
export interface Clock {
  nowMs(): number;
  sleep(ms: number): Promise<unknown>;
}

const usualPatience: Patience = { everyMs: 500, tellAfterMs: 10_000, endAfterMs: 60_000 };
const systemClock: Clock = { nowMs: () => Date.now(), sleep };

/**
 * Shows how far a run is, what goes wrong in it, and whether anybody carries it out, until `over`. None of the three
 * waits for another: without a worker, the question how far it is hangs.
 * @param over never rejects.
 * @throws TrawlError NO_WORKER where the last worker has ended and none has come in its place.
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
      // No answer just now: a worker is starting, or the server is.
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
      // The server is away: workers get their time to come back to it when it is there again.
      silentSince = clock.nowMs();
      throw error;
    });
    const silentMs = clock.nowMs() - silentSince;
    // A busy one may have answered meanwhile.
    if (ended || silentMs < tellAfterMs) return;
    line.trouble(isLeft ? 'no worker answers: it is busy, or has ended' : `no worker is left: ${startOne}`);
    gone = !isLeft && silentMs >= endAfterMs;
  };
  // Not awaited where no worker is left: its question would hang.
  const others = Promise.all([repeat(show), repeat(tellTroubles)]);
  await repeat(findWorker);
  if (gone) {
    throw new TrawlError('NO_WORKER', 'No worker carries out the run, which stays on the server.', {
      hint: `To go on with it, ${startOne}.`,
    });
  }
  await others;
}

const startOne = 'start one with "trawl worker" where the store is';
