import { AsyncLocalStorage } from 'node:async_hooks';
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';
import type { Random } from './random.js';

export interface Alarm {
  atMs: number;
  ring(): void;
}

const realDate = Date;

/** The time of a history. It stands still until it is moved on. */
export class Clock {
  #nowMs: number;
  readonly #startMs: number;
  /** In the order in which they ring. */
  readonly #alarms: Alarm[] = [];

  constructor(startMs: number) {
    this.#nowMs = startMs;
    this.#startMs = startMs;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  get text(): string {
    return new realDate(this.#nowMs).toISOString().slice(5, -1);
  }

  /** When the next alarm rings; undefined if there is none. */
  get nextMs(): number | undefined {
    return this.#alarms[0]?.atMs;
  }

  alarm(afterMs: number, ring: () => void): Alarm {
    const alarm = { atMs: this.#nowMs + Math.max(0, afterMs), ring };
    const later = this.#alarms.findIndex(({ atMs }) => atMs > alarm.atMs);
    this.#alarms.splice(later === -1 ? this.#alarms.length : later, 0, alarm);
    return alarm;
  }

  cancel(alarm: Alarm | undefined): void {
    const at = alarm ? this.#alarms.indexOf(alarm) : -1;
    if (at !== -1) this.#alarms.splice(at, 1);
  }

  /** Rejects with the signal's reason if it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const alarm = this.alarm(ms, resolve);
      signal?.addEventListener('abort', () => {
        this.cancel(alarm);
        reject(signal.reason);
      });
    });
  }

  /** Moves on, and rings the alarms that are due by then. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (let next = this.#alarms[0]; next && next.atMs <= untilMs; next = this.#alarms[0]) {
      this.#alarms.shift();
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.ring();
    }
    this.#nowMs = untilMs;
  }

  /**
   * Makes this the time of the whole process, and `random` its chance, so that a seed gives the same history again.
   * @param isDead whether the present code is that of a process that has died: it repeats nothing any more
   * @returns a function that undoes it
   */
  install(random: Random, isDead: () => boolean): () => void {
    const clock = this;
    const before = {
      setTimeout: globalThis.setTimeout,
      clearTimeout: globalThis.clearTimeout,
      setInterval: globalThis.setInterval,
      clearInterval: globalThis.clearInterval,
      now: performance.now,
      timeout: AbortSignal.timeout,
      random: Math.random,
      wait: timers.setTimeout,
    };
    globalThis.Date = class extends realDate {
      constructor(...args: [] | [number | string]) {
        if (args.length === 0) super(clock.nowMs);
        else super(...args);
      }
      static override now(): number {
        return clock.nowMs;
      }
    } as DateConstructor;
    performance.now = () => clock.nowMs - clock.#startMs;
    globalThis.setTimeout = ((ring: () => void, ms = 0) => {
      const alarm = clock.alarm(ms, ring);
      return Object.assign(alarm, { unref: () => alarm, ref: () => alarm });
    }) as unknown as typeof setTimeout;
    globalThis.clearTimeout = ((alarm: Alarm | undefined) => clock.cancel(alarm)) as unknown as typeof clearTimeout;
    globalThis.setInterval = ((ring: () => void, ms: number) => this.#repeat(ring, ms, isDead)) as never;
    globalThis.clearInterval = ((repeated: { stop(): void } | undefined) => repeated?.stop()) as never;
    AbortSignal.timeout = (ms) => {
      const controller = new AbortController();
      clock.alarm(ms, () => controller.abort(new DOMException('The time is up.', 'TimeoutError')));
      return controller.signal;
    };
    Math.random = () => random.next();
    this.#patchWait(((ms: number, _: unknown, options?: { signal?: AbortSignal }) =>
      clock.sleep(ms, options?.signal)) as typeof timers.setTimeout);
    return () => {
      globalThis.Date = realDate;
      globalThis.setTimeout = before.setTimeout;
      globalThis.clearTimeout = before.clearTimeout;
      globalThis.setInterval = before.setInterval;
      globalThis.clearInterval = before.clearInterval;
      performance.now = before.now;
      AbortSignal.timeout = before.timeout;
      Math.random = before.random;
      this.#patchWait(before.wait);
    };
  }

  #repeat(ring: () => void, ms: number, isDead: () => boolean): { stop(): void } {
    const inPlace = AsyncLocalStorage.snapshot();
    let alarm: Alarm;
    const next = () => {
      alarm = this.alarm(ms, () =>
        inPlace(() => {
          if (isDead()) return;
          next();
          ring();
        }),
      );
    };
    next();
    return { stop: () => this.cancel(alarm) };
  }

  #patchWait(wait: typeof timers.setTimeout): void {
    timers.setTimeout = wait;
    syncBuiltinESMExports();
  }
}
