import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBConnection } from '@duckdb/node-api';
import { describe, expect, it, onTestFinished } from 'vitest';
import { neededObjects } from '../../src/archive/needed.js';
import type { BatchForm } from '../../src/batch.js';
import { type CompactableSink, type Compacted, compact } from '../../src/compaction/compact.js';
import { planOf } from '../../src/compaction/plan.js';
import { decompressed } from '../../src/formats/compression.js';
import type { Compression } from '../../src/formats/format.js';
import { files } from '../../src/sinks/files/sink.js';
import type { ListedBatch } from '../../src/stores/offload.js';
import { SqliteStore } from '../../src/stores/sqlite/store.js';
import type { Store } from '../../src/stores/store.js';
import { ofDay } from '../conformance/archive-suite.js';
import { page } from '../conformance/pages.js';
import { nativeForm, sendAll, temporary } from '../support/archive.js';
import { hostileTexts, open } from '../unit/sinks/support.js';

const farNs = 10n ** 19n;
const texts = hostileTexts.filter(({ length }) => length < 1_000);

interface Archive {
  store: Store;
  client: CompactableSink;
  root: string;
  form: Partial<BatchForm>;
}

/** A store and a sink that has three events of it in each of many files, on two days. */
async function archive(form: Partial<BatchForm> = {}, count = 20): Promise<Archive> {
  const root = temporary();
  const store = new SqliteStore(join(temporary(), 'trawl.db'));
  onTestFinished(() => store.close());
  const events = Array.from({ length: count }, (_, at) => {
    const text = texts[at % texts.length]!;
    const more = {
      actor: text.toWellFormed(),
      rawEvent: JSON.stringify({ id: `e${at}`, type: 'user.login', details: { type: 'user.login', text }, n: at }),
      extra: at % 3 === 0 ? JSON.stringify({ text }) : null,
    };
    return { ...ofDay(at < count - 6 ? 1 : 2, more), id: `e${at}` };
  });
  await store.writePage(page(events, { nextOffset: 'next' }));
  const client = open(files, { PATH: root }) as CompactableSink;
  await sendAll(store, client, { form });
  return { store, client, root, form };
}

function compacted({ store, client }: Pick<Archive, 'store' | 'client'>, more = {}): Promise<Compacted> {
  return compact({
    ...{ ledger: store.offload, client, collector: 'asa', sink: 'archive', beforeNs: farNs },
    ...{ confirmedBefore: '9999', signal: new AbortController().signal },
    ...more,
  });
}

function namesIn(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(root, name)).isFile() && !name.includes('/_trawl-check-'))
    .sort();
}

/** The rows of these files in their order, as another reader sees them; texts as bytes. */
async function rowsOf({ root, form }: Archive, names: readonly string[]): Promise<string[]> {
  if (form.format !== 'parquet') {
    const all = await Promise.all(
      names.map(async (name) => {
        const bytes = await decompressed(readFileSync(join(root, name)), (form.compression ?? 'gzip') as Compression);
        return Buffer.from(bytes)
          .toString('latin1')
          .replace(/^collector,seq,.*\n/, '');
      }),
    );
    return [all.join('')];
  }
  const duckdb = await DuckDBConnection.create();
  try {
    const rows: string[] = [];
    for (const name of names) {
      const result = await duckdb.runAndReadAll(`select hex(to_json(t)::text) from '${join(root, name)}' t`);
      rows.push(...result.getRows().map(([row]) => String(row)));
    }
    return rows;
  } finally {
    duckdb.closeSync();
  }
}

/** The objects that the manifest lists, each once. */
async function listed(store: Store): Promise<string[]> {
  const batches = await store.offload.listed('asa', 'archive');
  return [...new Set(batches.flatMap(({ objects }) => objects.map(({ name }) => name)))].sort();
}

const forms: Partial<BatchForm>[] = [
  ...['gzip', 'zstd'].map((compression) => ({ format: 'ndjson', compression })),
  { format: 'ndjson', compression: 'none', rawEvent: 'text' },
  { format: 'ndjson', compression: 'none', schema: 'ocsf' },
  { format: 'csv', compression: 'gzip' },
  ...['native', 'ocsf', 'ecs'].map((schema) => ({ format: 'parquet', compression: 'none', schema })),
];

describe('a compaction', () => {
  it.each(forms)('makes one file of a folder, with the same rows in the same order: %o', async (form) => {
    const made = await archive(form);
    const before = await rowsOf(made, namesIn(made.root));
    const done = await compacted(made);
    expect(done).toMatchObject({ objects: 8, into: 2, events: 20, problems: [], locked: [], doubled: [] });
    const names = namesIn(made.root);
    expect(names).toHaveLength(2);
    expect(names).toEqual(await listed(made.store));
    expect(await rowsOf(made, names)).toEqual(before);
    expect(await compacted(made)).toMatchObject({ objects: 0, into: 0 });
    expect(namesIn(made.root)).toEqual(names);
  });

  it('merges what came since, and a merged file again, and the archive can be asked all along', async () => {
    const made = await archive({ format: 'parquet' });
    const needed = async () => neededObjects('archive', await made.store.offload.archived('archive'), {});
    await compacted(made);
    const { lastOffset: offset } = await made.store.checkpoint('asa');
    const more = Array.from({ length: 7 }, (_, at) => ({ ...ofDay(2), id: `more${at}` }));
    await made.store.writePage(page(more, { offset, nextOffset: 'last', more: true }));
    await sendAll(made.store, made.client, { form: { format: 'parquet' } });
    const before = await rowsOf(made, namesIn(made.root));
    expect(await compacted(made)).toMatchObject({ objects: 4, into: 1 });
    // In the test's names of batches, 10 comes before 9.
    expect((await rowsOf(made, namesIn(made.root))).sort()).toEqual(before.sort());
    await made.store.offload.clearConfirmed({
      ...{ collector: 'asa', sinks: ['archive'], beforeNs: farNs / 2n, eventsMax: 1_000 },
    });
    const objects = await needed();
    expect(objects.map(({ name }) => name).sort()).toEqual(namesIn(made.root));
    for (const object of objects) expect((await made.client.read(object)).byteLength).toBe(object.bytes);
    expect(objects.reduce((sum, { events }) => sum + events, 0)).toBe(27);
  });

  it('never merges other series or days, nor batches that may still be written', async () => {
    const made = await archive({ format: 'ndjson', compression: 'none' }, 8);
    await sendAll(made.store, made.client, { series: 'again', form: { format: 'ndjson', compression: 'none' } });
    expect(await compacted(made, { confirmedBefore: '2001' })).toMatchObject({ objects: 0, recent: 8 });
    expect(await compacted(made, { beforeNs: ofDay(1).timeNs })).toMatchObject({ objects: 0, recent: 0 });
    expect(await compacted(made, { beforeNs: ofDay(2).timeNs + 1n })).toMatchObject({ objects: 0 });
    expect(await compacted(made)).toMatchObject({ objects: 6, into: 2, events: 12 });
    expect(namesIn(made.root).filter((name) => name.includes('again'))).toHaveLength(2);
  });

  it('never merges files of other forms, large ones, or across what lies between', () => {
    const batch = (number: number, more: Partial<ListedBatch> = {}, events = 10): ListedBatch => ({
      ...{ collector: 'asa', sink: 'archive', series: '', number, firstSeq: number, lastSeq: number, form: nativeForm },
      ...{ confirmedAt: '2026', objects: [{ name: `raw/dt=2026-01-01/${number}.gz`, events, bytes: 10 }] },
      ...more,
    });
    const zstd = { ...nativeForm, compression: 'zstd' };
    const lake = { ...nativeForm, layout: 'security-lake' };
    const batches = [
      ...[batch(1), batch(2, { form: zstd }), batch(3), batch(4, { form: zstd }), batch(5, {}, 60_000), batch(6)],
      ...[batch(7), batch(8, { confirmedAt: '9999' }), batch(9), batch(10, { form: lake })],
    ];
    const { runs, ...left } = planOf(batches, { beforeNs: farNs, confirmedBefore: '9' });
    expect(runs.map(({ objects }) => objects.map(({ batches: [own] }) => own!.number))).toEqual([
      [1, 3],
      [6, 7],
      [2, 4],
    ]);
    expect(left).toEqual({ recent: 1, foreign: 1 });
  });

  it.each([
    ['was deleted by hand', (path: string) => rmSync(path), /is not in .* any more\./],
    ['was cut off', (path: string) => writeFileSync(path, readFileSync(path).subarray(1)), /bytes were|were written/],
    [
      'has other bytes',
      (path: string) => writeFileSync(path, readFileSync(path).fill(0x41)),
      /is not what was written there\./,
    ],
  ])('deletes nothing if a file %s, says so, and does it once the file is back', async (_, spoil, said) => {
    const made = await archive({ format: 'ndjson', compression: 'none' });
    const before = await rowsOf(made, namesIn(made.root));
    const names = namesIn(made.root);
    const path = join(made.root, names[2]!);
    const kept = readFileSync(path);
    spoil(path);
    const left = namesIn(made.root);
    const { problems, objects } = await compacted(made);
    expect(problems).toEqual([expect.stringMatching(said)]);
    expect(objects).toBe(3);
    expect(
      left.filter((name) => name.includes('dt=2026-01-01')).every((name) => namesIn(made.root).includes(name)),
    ).toBe(true);
    writeFileSync(path, kept);
    expect((await compacted(made)).problems).toEqual([]);
    expect(await rowsOf(made, namesIn(made.root))).toEqual(before);
  });

  it('leaves locked files, names them, and does not merge across them; deletes later what it could not', async () => {
    const made = await archive({ format: 'ndjson', compression: 'none' });
    const before = await rowsOf(made, namesIn(made.root));
    const names = namesIn(made.root);
    const lockOf = async ({ name }: { name: string }) => (name === names[2] ? 'locked until tomorrow' : null);
    let refuses = (name: string) => name === names[0];
    const remove = async (name: string) => (refuses(name) ? 'locked since' : made.client.remove(name));
    const locking = { ...bound(made.client), lockOf, remove };
    const done = await compacted({ store: made.store, client: locking });
    expect(done).toMatchObject({
      locked: [{ name: names[2], why: 'locked until tomorrow' }],
      doubled: [{ name: names[0], why: 'locked since' }],
    });
    expect(namesIn(made.root)).toEqual(expect.arrayContaining([names[0], names[2]]));
    expect(await compacted({ store: made.store, client: locking })).toMatchObject({
      doubled: [{ name: names[0] }],
    });
    refuses = () => false;
    expect(await compacted({ store: made.store, client: locking })).toMatchObject({ doubled: [] });
    await compacted(made);
    expect(await rowsOf(made, namesIn(made.root))).toEqual(before);
    expect(namesIn(made.root)).toEqual(await listed(made.store));
  });

  it('writes nothing if it may not delete', async () => {
    const made = await archive();
    const names = namesIn(made.root);
    const client = { ...bound(made.client), remove: async () => 'denied' };
    await expect(compacted({ store: made.store, client })).rejects.toThrow(/cannot be deleted: denied/);
    expect(namesIn(made.root)).toEqual(names);
    expect(await listed(made.store)).toEqual(names);
  });

  it('deletes nothing if what it has written reads back otherwise', async () => {
    const made = await archive({ format: 'parquet' });
    const names = namesIn(made.root);
    const write: CompactableSink['write'] = async (name, file) => {
      const bytes = Buffer.from(file.bytes);
      bytes[40]! ^= 1;
      await made.client.write(name, { ...file, bytes });
    };
    const { problems } = await compacted({ store: made.store, client: { ...bound(made.client), write } });
    expect(problems).toEqual(Array(2).fill(expect.stringContaining('reads back otherwise than it was written')));
    expect(namesIn(made.root)).toEqual(expect.arrayContaining(names));
    expect(await listed(made.store)).toEqual(names);
    expect(await compacted(made)).toMatchObject({ objects: 8, into: 2, problems: [] });
    expect(namesIn(made.root)).toEqual(await listed(made.store));
  });

  it('is alone: a second one is refused while the first is at work, and may begin when it has ended', async () => {
    const made = await archive();
    let second: Promise<unknown> | undefined;
    const remove = async (name: string) => {
      second ??= compacted(made).catch((error: Error) => error.message);
      await second;
      return made.client.remove(name);
    };
    await compacted({ store: made.store, client: { ...bound(made.client), remove } });
    expect(await second).toBe('Another compaction of asa at archive is at work.');
    expect(await compacted(made)).toMatchObject({ objects: 0 });
  });

  it('that is killed at any effect loses and doubles nothing, and the next one finishes it', async () => {
    const form = { format: 'ndjson', compression: 'none' };
    let points = 0;
    for (let isKilled = true; isKilled; points += 1) {
      const made = await archive(form, 8);
      const before = await rowsOf(made, namesIn(made.root));
      isKilled = await killedAt(made, points);
      // What the manifest lists is there, each event once.
      expect(await rowsOf(made, await listed(made.store)), `effect ${points}`).toEqual(before);
      // More comes to the same folder, so that another plan would be made now.
      const { lastOffset: offset } = await made.store.checkpoint('asa');
      await made.store.writePage(page([{ ...ofDay(2), id: 'more' }], { offset, nextOffset: 'last', more: true }));
      await sendAll(made.store, made.client, { form });
      const all = await rowsOf(made, await listed(made.store));
      await killedAt(made, 1);
      await compacted(made);
      expect(await rowsOf(made, namesIn(made.root)), `effect ${points}`).toEqual(all);
      expect(namesIn(made.root)).toEqual(await listed(made.store));
      expect(namesIn(made.root)).toHaveLength(2);
    }
    expect(points).toBeGreaterThan(8);
  }, 60_000);
});

/** Ends a compaction before its nth effect, and so after the one before, on files or the store. @returns false if it has fewer */
async function killedAt(made: Archive, point: number): Promise<boolean> {
  let effects = 0;
  const dead = () => {
    throw new Error('killed');
  };
  const mortal =
    <Given extends unknown[], T>(effect: (...given: Given) => Promise<T>) =>
    async (...given: Given): Promise<T> => {
      if (effects++ >= point) dead();
      return effect(...given);
    };
  const { write, remove, ...client } = bound(made.client);
  const { offload } = made.store;
  const ledger = { ...offload, changeObjects: mortal(offload.changeObjects) };
  return compacted({ ...made, client: { ...client, write: mortal(write), remove: mortal(remove) } }, { ledger }).then(
    () => false,
    (error: Error) => {
      if (error.message !== 'killed') throw error;
      return true;
    },
  );
}

function bound(client: CompactableSink): CompactableSink {
  return {
    place: client.place,
    send: (...given) => client.send(...given),
    check: (...given) => client.check(...given),
    read: (...given) => client.read(...given),
    write: (...given) => client.write(...given),
    lockOf: (...given) => client.lockOf(...given),
    remove: (...given) => client.remove(...given),
    close: () => client.close(),
  };
}
