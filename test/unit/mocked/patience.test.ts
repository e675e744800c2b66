import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { patiently } from '../../../src/temporal/patience.js';

// Fake timers do not replace these.
vi.mock('node:timers/promises', () => ({
  setTimeout: (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)),
}));

const failing = (code: number) => Object.assign(new Error('it failed'), { code, details: '', metadata: {} });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** The time for which it repeats calls that take `callMs` each and fail; ms. */
async function patienceWith(code: number, callMs: number, callsMax: number): Promise<number> {
  const begun = Date.now();
  let calls = 0;
  const call = async () => {
    calls += 1;
    await vi.advanceTimersByTimeAsync(callMs);
    if (calls < callsMax) throw failing(code);
    return 'answered';
  };
  const ended = patiently(call, () => {}).catch(() => 'given up');
  let answer: string | undefined;
  void ended.then((how) => {
    answer = how;
  });
  while (answer === undefined) await vi.advanceTimersByTimeAsync(100);
  return answer === 'answered' ? Number.POSITIVE_INFINITY : Date.now() - begun;
}

it('calls to a server that does not answer are repeated for a minute', async () => {
  const ms = await patienceWith(14, 0, 1_000);
  expect(ms).toBeGreaterThan(59_000);
  expect(ms).toBeLessThan(63_000);
});

it('the time begins anew after an interrupted long poll, but not after calls that were never answered', async () => {
  expect(await patienceWith(14, 70_000, 5)).toBe(Number.POSITIVE_INFINITY);
  expect(await patienceWith(4, 70_000, 50)).toBeLessThan(300_000);
});

it('calls that the server refuses are not repeated', async () => {
  expect(await patienceWith(7, 0, 5)).toBeLessThan(1_000);
});
