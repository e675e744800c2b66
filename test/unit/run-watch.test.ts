import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Clock, type Patience, type WatchedRun, watchRun } from '../../src/cli/run-watch.js';
import type { Progress } from '../../workflows/messages.js';

const patience: Patience = { everyMs: 1, tellAfterMs: 30, endAfterMs: 120 };
const clock: Clock = { nowMs: () => Date.now(), sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) };
const hanging = () => new Promise<never>(() => undefined);
const failing = () => Promise.reject(new Error('no answer'));
const progress = { state: 'walking' } as Progress;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Watches until the output satisfies `enough`, or until the watching ends. */
async function watched(
  run: Partial<WatchedRun>,
  enough: (lines: string[]) => boolean = () => false,
): Promise<string[]> {
  const lines: string[] = [];
  let end = () => {};
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  const write = (text: string) => {
    if (!lines.includes(text)) lines.push(text);
    if (enough(lines)) end();
  };
  const line = { show: ({ state }: Progress) => write(state), trouble: write };
  const whole = { progress: async () => progress, troubles: async () => [], hasWorker: async () => true, ...run };
  let ended = false;
  const watching = watchRun(whole, line, over, { ...patience, clock })
    .catch((error: unknown) => {
      lines.push((error as { code: string }).code);
    })
    .finally(() => {
      ended = true;
    });
  while (!ended) await vi.advanceTimersByTimeAsync(1);
  await watching;
  return lines;
}

describe('waiting for a run', () => {
  it('shows its progress and its failures', async () => {
    const lines = await watched({ troubles: async () => ['tried again'] }, ({ length }) => length === 2);
    expect(lines.sort()).toEqual(['tried again', 'walking']);
  });

  it.each([
    ['hangs', hanging],
    ['fails', failing],
  ])('shows failures even while the query for progress %s', async (_, asked) => {
    const lines = await watched({ progress: asked, troubles: async () => ['tried again'] }, () => true);
    expect(lines).toEqual(['tried again']);
  });

  it.each([
    ['hangs', hanging],
    ['fails', failing],
  ])('says that no worker answers if the query %s, and ends when none is left', async (_, asked) => {
    let looks = 0;
    const hasWorker = async () => {
      looks += 1;
      return looks <= 3;
    };
    expect(await watched({ progress: asked, hasWorker })).toEqual([
      'no worker answers: it is busy, or has ended',
      'no worker is left: start one with "trawl worker" where the store is',
      'NO_WORKER',
    ]);
  });

  it('continues if a worker appears in time', async () => {
    let lost = false;
    const run = {
      progress: () => (lost ? Promise.resolve(progress) : failing()),
      hasWorker: async () => {
        lost = true;
        return false;
      },
    };
    const lines = await watched(run, (written) => written.includes('walking'));
    expect(lines.at(-1)).toBe('walking');
  });

  it('does not give up while the server does not answer either', async () => {
    const untilMs = Date.now() + 2 * patience.endAfterMs;
    const troubles = async () => (Date.now() > untilMs ? ['over'] : []);
    expect(await watched({ progress: failing, hasWorker: failing, troubles }, () => true)).toEqual(['over']);
  });

  it('gives workers time to come back after an outage of the server', async () => {
    const backAt = Date.now() + 2 * patience.endAfterMs;
    const looksMs: number[] = [];
    const hasWorker = async () => {
      if (Date.now() < backAt) return failing();
      looksMs.push(Date.now());
      return false;
    };
    const lines = await watched({ progress: failing, hasWorker });
    expect(lines.at(-1)).toBe('NO_WORKER');
    expect(looksMs.at(-1)! - looksMs[0]!).toBe(patience.endAfterMs - patience.tellAfterMs);
  });

  it('ends at once when the run is over, even if a call hangs', async () => {
    const lines = await watched({ progress: hanging, hasWorker: hanging, troubles: async () => ['last'] }, () => true);
    expect(lines).toEqual(['last']);
  });
});
