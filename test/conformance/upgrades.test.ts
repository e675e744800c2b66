import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { eventWriter } from '../../src/cli/event-writers.js';
import type { EnrichedEvent } from '../../src/domain.js';
import { DatabaseSync } from '../../src/sqlite-driver.js';
import { migrations as ofPostgres } from '../../src/stores/postgres/migrations.js';
import { PostgresStore } from '../../src/stores/postgres/store.js';
import { migrations as ofSqlite } from '../../src/stores/sqlite/migrations.js';
import { SqliteStore } from '../../src/stores/sqlite/store.js';
import type { Store } from '../../src/stores/store.js';
import { verifyCollector } from '../../src/stores/verify.js';
import { epochNanoseconds } from '../../src/timestamp.js';
import { createDatabase } from '../support/postgres.js';
import { fixtureDemo, hasFixture, readFixture, restoreRows, type StoreFixture } from '../support/store-fixtures.js';
import { event, page } from './pages.js';

type Kind = 'sqlite' | 'postgres';

/** A store as another version left it, opened by this version. */
async function upgraded(kind: Kind, version: number): Promise<{ store: Store; fixture: StoreFixture }> {
  const fixture = readFixture(kind, version);
  let store: Store;
  if (kind === 'sqlite') {
    const folder = mkdtempSync(join(tmpdir(), 'trawl-store-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'trawl.db');
    writeFileSync(path, fixture.file!);
    store = new SqliteStore(path);
  } else {
    const database = await createDatabase(inject('postgresUrl'));
    onTestFinished(database.remove);
    await restoreRows(database.url, ofPostgres.slice(0, version), fixture.tables!);
    store = await PostgresStore.open({ url: database.url, name: 'the test database', pool: 2 });
  }
  onTestFinished(() => store.close());
  return { store, fixture };
}

async function exported(store: Store): Promise<string[]> {
  const { text } = await (await eventWriter('ndjson')).page(store, { collector: 'asa', afterSeq: 0 }, 10_000);
  return Buffer.from(text).toString().trim().split('\n');
}

/** The event of an exported line. */
function eventOf(line: string): EnrichedEvent {
  const { collector: _, seq, collected_at, raw_event, from_addr: fromAddr, ...columns } = JSON.parse(line);
  const rawEvent = line.slice(
    line.indexOf(',"raw_event":') + ',"raw_event":'.length,
    line.lastIndexOf(',"collected_at":'),
  );
  return { extra: null, ...columns, fromAddr, rawEvent, timeNs: epochNanoseconds(columns.timestamp)! };
}

/** Writes a page at the checkpoint, as a walk does. */
async function read(store: Store, key: string, events: EnrichedEvent[], nextOffset: string): Promise<number> {
  const { lastOffset: offset, generation } = await store.checkpoint('asa');
  const { newEvents, outcome } = await store.writePage(page(events, { key, offset, generation, nextOffset }));
  expect(outcome).toBe('written');
  return newEvents;
}

describe.each<[Kind, number, Record<'sinks' | 'proof', number>]>([
  ['sqlite', ofSqlite.length, { sinks: 5, proof: 10 }],
  ['postgres', ofPostgres.length, { sinks: 2, proof: 9 }],
])('a store of %s', (kind, newest, firstWith) => {
  const versions = Array.from({ length: newest }, (_, index) => index + 1);

  it.each(versions)('of version %d is in the fixtures ("npm run record-store" records the current one)', (version) => {
    expect(hasFixture(kind, version)).toBe(true);
  });

  it.each(versions)('of version %d has everything after the upgrade, and continues where it was', async (version) => {
    const { store, fixture } = await upgraded(kind, version);
    expect(fixture.events).toHaveLength(fixtureDemo.events);
    expect(await exported(store)).toEqual(fixture.events);
    const log = await store.executionLog({ collector: 'asa', limit: 1_000 });
    expect(log.reverse()).toEqual(fixture.log.map((line) => expect.objectContaining(line as object)));
    const settings = await store.settings();
    expect(settings.asa).toMatchObject({ searchCount: '100' });
    const [cursor] = await store.offload.cursors('asa');
    if (version >= firstWith.sinks) expect(cursor).toMatchObject({ sink: 'archive', lastSeq: 250, events: 250 });
    else expect(cursor).toBeUndefined();
    expect(await store.checkpoint('asa')).toMatchObject({ lastSeq: 250, pages: 3 });
    expect((await store.standings())[0]).toMatchObject({ collector: 'asa', lastSeq: 250, rejected: 0 });

    const before = fixture.events.map(eventOf);
    const later = Array.from({ length: 50 }, (_, index) => event(`later-${index}`));
    expect(await read(store, 'filled', [...before.slice(200), ...later], 'on')).toBe(50);
    expect((await exported(store)).slice(0, 250)).toEqual(fixture.events);
    expect((await store.events({ collector: 'asa', afterSeq: 250 }, 100)).map(({ id, seq }) => `${seq} ${id}`)).toEqual(
      later.map(({ id }, index) => `${251 + index} ${id}`),
    );
    // Reading once more from the start stores nothing twice and finds no event changed.
    await store.resetCheckpoint('asa', ['again']);
    expect(await read(store, 'again', [...before, ...later], '')).toBe(0);
    expect(await store.rejectedCount('asa')).toBe(0);

    while (await store.takeOver('asa', 100));
    const proof = await verifyCollector(store.proof, 'asa');
    expect(proof).toMatchObject({ contradictions: [], unchecked: [], events: 300, stored: 300, pages: 5 });
    expect(proof.takenOver).toBe(version >= firstWith.proof ? 0 : 300);
  });
});

it("a SQLite store with a view of the user's own is upgraded, and the view stays", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-store-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'trawl.db');
  writeFileSync(path, readFixture('sqlite', 6).file!);
  const before = new DatabaseSync(path);
  before.exec('CREATE VIEW logons AS SELECT timestamp, actor FROM audit_events');
  before.close();
  const store = new SqliteStore(path);
  onTestFinished(() => store.close());
  // The upgrade leaves no other file beside the store.
  expect(statSync(`${path}-wal`).size).toBe(0);
  const other = new DatabaseSync(path, { readOnly: true });
  onTestFinished(() => other.close());
  expect(other.prepare('SELECT COUNT(*) AS n FROM logons').get()).toMatchObject({ n: fixtureDemo.events });
});
