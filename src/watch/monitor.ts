import { reasonOf, sentence, TrawlError } from '../errors.js';
import type { Logger } from '../log.js';
import { sharedResult } from '../shared-result.js';
import { type CollectorHealth, collectorHealth, type Watched } from './collectors.js';

const everyMs = 30_000;
const freshMs = 2_000;
/** A persistent problem is logged again after this time. */
const repeatMs = 3_600_000;

/** Result of the monitor's last check. */
export interface Findings {
  /** RFC 3339; null before the first check. */
  at: string | null;
  /** Why the store could not be read; null if it could. */
  store: string | null;
  /** Size of the store; null until it has been read once. */
  storeBytes: number | null;
  collectors: CollectorHealth[];
}

/** Checks the collectors while a worker runs, and logs each problem and its end. */
export class Monitor {
  readonly #watched: Watched;
  readonly #logger: Logger;
  readonly #logged = new Map<string, { collector: string; code: string; message: string; atMs: number }>();
  #findings: Findings = { at: null, store: null, storeBytes: null, collectors: [] };
  /** Looks now; calls meanwhile share the look. */
  readonly look = sharedResult(() => this.#look(), 0);
  #timer: NodeJS.Timeout | undefined;

  constructor(watched: Watched, logger: Logger) {
    this.#watched = watched;
    this.#logger = logger;
  }

  /** Starts the periodic checks; resolves after the first one. */
  async start(): Promise<void> {
    this.#timer = setInterval(() => void this.look(), everyMs).unref();
    await this.look();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Returns findings at most a few seconds old, so that frequent requests do not load the store. */
  async findings(): Promise<Findings> {
    const ageMs = Date.now() - Date.parse(this.#findings.at ?? '');
    return ageMs < freshMs ? this.#findings : this.look();
  }

  async #look(): Promise<Findings> {
    const nowMs = Date.now();
    try {
      this.#findings = {
        at: new Date(nowMs).toISOString(),
        store: null,
        storeBytes: await this.#watched.store.sizeBytes(),
        collectors: await collectorHealth(this.#watched, nowMs),
      };
    } catch (error) {
      const reason = error instanceof TrawlError ? sentence(error) : reasonOf(error);
      this.#findings = { ...this.#findings, at: new Date(nowMs).toISOString(), store: reason };
    }
    this.#log(nowMs);
    return this.#findings;
  }

  #log(nowMs: number): void {
    const { store, collectors } = this.#findings;
    const present = new Map<string, { collector: string; code: string; message: string }>();
    if (store !== null)
      present.set('store', { collector: '', code: 'STORE', message: `The store cannot be read: ${store}` });
    else
      for (const { collector, problems } of collectors)
        for (const problem of problems) present.set(`${collector} ${problem.code}`, { collector, ...problem });
    for (const [key, problem] of present) {
      const before = this.#logged.get(key);
      if (before && nowMs - before.atMs < repeatMs) continue;
      this.#logger.error(fields(problem), problem.message);
      this.#logged.set(key, { ...problem, atMs: nowMs });
    }
    for (const [key, problem] of this.#logged) {
      // While the store cannot be read, nothing is known about collectors.
      if (present.has(key) || (store !== null && key !== 'store')) continue;
      this.#logged.delete(key);
      this.#logger.info(fields(problem), `Resolved: ${problem.code}`);
    }
  }
}

function fields({ collector, code }: { collector: string; code: string }): Record<string, string> {
  return collector ? { collector, code } : { code };
}
