import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { expect, it, onTestFinished } from 'vitest';
import { getLastCheckpoint } from '../../activities/checkpoint.js';
import type { Context } from '../../activities/context.js';
import { clearEvents } from '../../activities/events.js';
import { SqliteStore } from '../../src/stores/sqlite/store.js';
import { event, page } from '../conformance/pages.js';

/** A store whose clearing takes so many parts, each of which works synchronously. */
function contextOf(parts: number, onPart: (part: number) => void = () => undefined) {
  const done = { parts: 0 };
  const store = {
    clearEvents: async () => null,
    removeCleared: async () => {
      done.parts += 1;
      onPart(done.parts);
      return done.parts < parts;
    },
  };
  const collectors = { require: async () => undefined, sinks: async () => [] };
  return { context: { store, collectors } as unknown as Context, done };
}

const input = { collector: 'asa', keys: ['k'] };

it('a clearing lets the heartbeat and the other activities have their turn between its parts', async () => {
  let turns = 0;
  let over = false;
  const beat = () => {
    turns += 1;
    if (!over) setImmediate(beat);
  };
  setImmediate(beat);
  const { context, done } = contextOf(100);
  expect(await clearEvents(context, input, new AbortController().signal)).toBeNull();
  over = true;
  expect(done.parts).toBe(100);
  expect(turns).toBeGreaterThanOrEqual(99);
});

it('a clearing whose attempt has been given up does no more, and leaves the rest to the next attempt', async () => {
  const given = new AbortController();
  const { context, done } = contextOf(100, (part) => part === 3 && given.abort());
  await expect(clearEvents(context, input, given.signal)).rejects.toThrow();
  expect(done.parts).toBe(3);
});

it('a clearing whose command has been given up is brought to its end by the next run, even if it finds nothing new', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-unit-'));
  const path = join(folder, 'trawl.db');
  const store = new SqliteStore(path);
  onTestFinished(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });
  await store.writePage(page(['a', 'b', 'c'].map((id) => event(id))));
  await store.clearEvents('asa', ['k']);
  expect(await store.removeCleared('asa', 1)).toBe(true);
  const collectors = { offloading: async () => ({}) };
  await getLastCheckpoint({ store, collectors } as unknown as Context, { collector: 'asa' });
  expect(rowsOf(path)).toBe(0);
});

function rowsOf(path: string): number {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return (db.prepare('SELECT count(*) AS n FROM audit_events').get() as { n: number }).n;
  } finally {
    db.close();
  }
}
