import { onTestFinished, vi } from 'vitest';

/** Holds the time of day still until the test ends; timers go on. */
export function stopClock(nowMs = Date.now()): { nowMs: number; advance(ms: number): void } {
  vi.useFakeTimers({ toFake: ['Date'], now: nowMs });
  onTestFinished(() => void vi.useRealTimers());
  return { nowMs, advance: (ms) => void vi.setSystemTime(Date.now() + ms) };
}
