import { afterEach, expect, it, vi } from 'vitest';
import { CollectionWatch } from '../../src/cli/collection-watch.js';
import type { Checkpoint } from '../../src/domain.js';

afterEach(() => {
  vi.restoreAllMocks();
});

/** A store with collectors that move, and the lines that are told of them. */
function followed(names: readonly string[]) {
  const standing = (): Partial<Checkpoint> => ({
    caughtUpAt: null,
    lastDateTime: null,
    lastSeq: 0,
    pages: 0,
    newestTimestamp: null,
  });
  const at = Object.fromEntries(names.map((name) => [name, standing()]));
  const lines: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
  const watch = new CollectionWatch({ checkpoint: async (name) => ({ ...at[name] }) as Checkpoint });
  const runs = (name: string, time: string, lastSeq: number) =>
    Object.assign(at[name]!, { lastSeq, pages: lastSeq, newestTimestamp: `${time}.123Z` });
  return {
    watch,
    at,
    /** The lines since the last look, without the time of day. */
    look: async () => {
      await watch.look();
      return lines.splice(0).map((line) => line.replace(/^\d\d:\d\d:\d\d /, ''));
    },
    reads: runs,
    catchesUp: (name: string, time: string, lastSeq: number) =>
      Object.assign(runs(name, time, lastSeq), { caughtUpAt: time, lastDateTime: time }),
  };
}

it('a run that brings something is one line, once it is over; one that brings nothing is none', async () => {
  const { watch, look, reads, catchesUp } = followed(['asa', 'descope']);
  await watch.start(['asa', 'descope']);
  watch.stop();
  expect(await look()).toEqual([]);
  reads('asa', '2026-01-01T00:00:00', 1_000);
  expect(await look()).toEqual([]);
  catchesUp('asa', '2026-01-02T00:00:00', 1_500);
  expect(await look()).toEqual(['asa: 1,500 new events, up to 2026-01-02 00:00:00Z\n']);
  catchesUp('asa', '2026-01-02T00:01:00', 1_500);
  expect(await look()).toEqual([]);
  catchesUp('asa', '2026-01-02T00:02:00', 1_501);
  catchesUp('descope', '2026-01-02T00:02:00', 7);
  expect(await look()).toEqual([
    'asa: 1 new event, up to 2026-01-02 00:02:00Z\n',
    'descope: 7 new events, up to 2026-01-02 00:02:00Z\n',
  ]);
});

it('a store that cannot be read for a moment loses no line', async () => {
  const { watch, at, look, catchesUp } = followed(['asa']);
  await watch.start(['asa']);
  watch.stop();
  catchesUp('asa', '2026-01-02T00:00:00', 3);
  const { asa } = at;
  Object.defineProperty(at, 'asa', {
    configurable: true,
    get: () => {
      throw new Error('locked');
    },
  });
  expect(await look()).toEqual([]);
  Object.defineProperty(at, 'asa', { configurable: true, value: asa });
  expect(await look()).toEqual(['asa: 3 new events, up to 2026-01-02 00:00:00Z\n']);
});
