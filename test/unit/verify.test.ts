import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { newSigningKey, parsedHead, signerOf } from '../../src/proof/note.js';
import { Tree } from '../../src/proof/tree.js';
import { DatabaseSync } from '../../src/sqlite-driver.js';
import { backUp, restore } from '../../src/stores/sqlite/backup.js';
import { SqliteStore } from '../../src/stores/sqlite/store.js';
import { verifyCollector } from '../../src/stores/verify.js';
import { event, page } from '../conformance/pages.js';
import { called, inOwnFolder } from './support/called.js';

let folder = '';
let file = '';
const at = (name: string) => join(folder, name);

beforeEach(() => {
  folder = inOwnFolder();
  file = at('trawl.db');
  vi.stubEnv('TRAWL_DATA', folder);
});

async function using(work: (store: SqliteStore) => Promise<unknown>): Promise<void> {
  const store = new SqliteStore(file);
  await work(store);
  await store.close();
}

/** Writes a page of so many events, which no earlier page had. */
const collect = (count: number, collector = 'asa') =>
  using(async (store) => {
    const { lastOffset: offset, lastSeq, pages } = await store.checkpoint(collector);
    const events = Array.from({ length: count }, (_, index) => event(`${collector}-${lastSeq + index}`));
    await store.writePage(page(events, { collector, offset, nextOffset: `o${pages + 1}` }));
  });

function alter(sql: string): void {
  const db = new DatabaseSync(file);
  db.exec(sql);
  db.close();
}

const json = async (...args: string[]) => {
  const { code, stdout } = await called('verify', ...args, '--json');
  return { code, ...(JSON.parse(stdout) as Record<string, unknown>) } as Record<string, unknown>;
};

it('a head that was kept elsewhere proves the events, and goes on from one to the next', async () => {
  await collect(300);
  const first = await called('verify', 'asa', '--save-head', at('first'));
  expect(first.code).toBe(4);
  expect(first.stdout).toContain('recomputed    300 events of the store, 1 page of the ledger');
  expect(first.stdout).toContain('not shown     that the whole proof was not made anew');
  expect(first.stdout).toMatch(/\nNOTHING CONTRADICTS the events of asa up to 300, but not all is shown\.\n$/);
  await collect(20);
  const { code, stdout } = await called('verify', 'asa', '--head', at('first'));
  expect(stdout).toMatch(
    /\ngoes on from {2}the head of [0-9a-f]{16}\/asa\/journal, size 1, with events 1 to 300\nPROVEN: no event of asa up to 300 was .* since the head was made\. 20 newer events agree with the proof\.\n$/,
  );
  expect(code).toBe(0);
  // An earlier head is not lost.
  const again = await called('verify', 'asa', '--save-head', at('first'));
  expect(again.code).toBe(2);
  expect(again.stderr).toContain('Specify a new file');
});

it('an event that was changed is told, with its number, and no head of it is kept', async () => {
  await collect(300);
  alter("UPDATE audit_events SET actor = 'nobody' WHERE seq = 7");
  const { code, stdout } = await called('verify', '--json');
  expect(code).toBe(3);
  expect(JSON.parse(stdout)).toEqual([
    expect.objectContaining({ outcome: 'contradicted', contradictions: [{ seq: 7, text: expect.any(String) }] }),
  ]);
  const text = await called('verify', 'asa', '--save-head', at('head'));
  expect(text.stdout).toMatch(/CONTRADICTED {2}Event 7 .*\nCONTRADICTED: the store of asa .*, first at event 7\.\n$/);
  expect(() => readFileSync(at('head'))).toThrow();
});

it('a proof that was made anew, and a store that was set back, do not go on from the head', async () => {
  await collect(300);
  backUp(file, at('backup'));
  await collect(20);
  await called('verify', 'asa', '--save-head', at('head'));
  expect(await json('asa', '--head', at('head'))).toMatchObject({ code: 0, outcome: 'proven' });

  // In another folder, since this process has the file open.
  vi.stubEnv('TRAWL_DATA', at('restored'));
  file = at('restored/trawl.db');
  restore(at('backup'), file);
  const older = { seq: null, text: expect.stringMatching(/has 2 entries, the store 1: it is older/) };
  expect(await json('asa', '--head', at('head'))).toMatchObject({ code: 3, contradictions: [older] });
  // Other events come in place of the lost ones.
  await collect(10);
  const anew = { seq: null, text: expect.stringMatching(/first 2 entries .* made anew/) };
  expect(await json('asa', '--head', at('head'))).toMatchObject({ code: 3, contradictions: [anew] });

  alter(
    "UPDATE audit_events SET actor = 'x'; DELETE FROM proof_tiles; DELETE FROM proof_journal; DELETE FROM proof_heads",
  );
  await using((store) => store.takeOver('asa', 1_000));
  expect(await json('asa', '--head', at('head'))).toMatchObject({ code: 3 });
  expect(await json('asa')).toMatchObject({ code: 4, takenOver: 310 });
});

it('a head is one of the collector and of the store, and is signed by the key', async () => {
  await collect(10);
  await collect(10, 'other');
  await called('verify', 'other', '--save-head', at('other'));
  const foreign = { seq: null, text: expect.stringMatching(/other\/journal is not one of asa/) };
  expect(await json('asa', '--head', at('other'))).toMatchObject({ code: 3, contradictions: [foreign] });

  await called('verify', 'asa', '--save-head', at('head'));
  const head = parsedHead(readFileSync(at('head'), 'utf8'))!;
  const signer = signerOf(newSigningKey('trawl.example'))!;
  const another = signerOf(newSigningKey('trawl.example'))!;
  writeFileSync(at('note'), signer.sign({ ...head, origin: `trawl.example/${head.origin}` }));
  expect(await json('asa', '--head', at('note'), '--key', signer.vkey)).toMatchObject({ code: 0 });
  const unsigned = { seq: null, text: expect.stringMatching(/is not signed by trawl.example\+/) };
  for (const name of ['note', 'head'])
    expect(await json('asa', '--head', at(name), '--key', another.vkey)).toMatchObject({
      code: 3,
      contradictions: [unsigned],
    });
});

it('a key signs the heads of each page that waits for the disk, and shows what was made without it', async () => {
  const made = await called('proof', 'key', at('key'), '--as', 'trawl.example');
  expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^trawl\.example\+[0-9a-f]{8}\+\S+\n$/) });
  expect((statSync(at('key')).mode & 0o777).toString(8)).toBe('600');
  expect((await called('proof', 'key', at('key'))).stderr).toContain('Specify a new file');
  const vkey = made.stdout.trim();
  await collect(10);
  const unsigned = ['entries 1 to 1 of the journal are not signed'];
  expect(await json('asa', '--key', vkey)).toMatchObject({ code: 4, unchecked: unsigned });

  vi.stubEnv('TRAWL_PROOF_KEY_FILE', at('key'));
  const store = new SqliteStore(file, undefined, 'read', signerOf(readFileSync(at('key'), 'utf8'))!);
  onTestFinished(() => store.close());
  const write = async (name: string, followed: boolean) => {
    const { lastOffset: offset } = await store.checkpoint('asa');
    await store.writePage(page([event(name)], { offset, nextOffset: name, more: true, followed }));
  };
  await write('first', false);
  const { stdout } = await called('verify', 'asa', '--key', vkey);
  expect(stdout).toContain('PROVEN: no event of asa up to 11 was changed');
  await write('second', true);
  const light = ['entries 3 to 3 of the journal are not signed'];
  expect(await json('asa', '--key', vkey)).toMatchObject({ code: 4, unchecked: light, events: 12 });
  await write('third', false);
  expect(await json('asa', '--key', vkey)).toMatchObject({ code: 0, known: [{ events: 13 }, { events: 13 }] });
  // Without the key, a head of the store proves nothing.
  expect(await json('asa')).toMatchObject({ code: 4, known: [] });

  const other = signerOf(newSigningKey('trawl.example'))!.vkey;
  expect(await json('asa', '--key', other)).toMatchObject({ code: 3 });
  alter(
    "UPDATE audit_events SET actor = 'x'; DELETE FROM proof_tiles; DELETE FROM proof_journal; UPDATE proof_heads SET events = 0, entries = 0, pages = 0",
  );
  await using((plain) => plain.takeOver('asa', 1_000));
  const anew = { seq: null, text: expect.stringMatching(/made anew|was cut/) };
  const found = await json('asa', '--key', vkey);
  expect(found.code).toBe(3);
  expect(found.contradictions).toContainEqual(anew);
});

it('heads of the events are known at any size', async () => {
  await collect(300);
  await collect(300);
  await using(async (store) => {
    const { head } = await verifyCollector(store.proof, 'asa');
    const origin = head.origin.replace(/journal$/, 'events');
    const tree = new Tree();
    const [tile, next] = await store.proof.tiles('asa', 'events', 0, { from: 0, to: 1 });
    for (const hashes of [tile!.hashes, next!.hashes.subarray(0, 43 * 32)])
      for (let from = 0; from < hashes.length; from += 32) tree.append(hashes.toString('latin1', from, from + 32));
    const right = { origin, size: 299, root: tree.root() };
    expect(await verifyCollector(store.proof, 'asa', { heads: [right] })).toMatchObject({
      known: [{ head: right, events: 299 }],
    });
    const wrong = { origin, size: 299, root: Buffer.alloc(32) };
    const { contradictions } = await verifyCollector(store.proof, 'asa', { heads: [wrong] });
    expect(contradictions).toEqual([
      { seq: null, text: expect.stringMatching(/first 299 entries of .*events are not/) },
    ]);
  });
});

it.each([
  [['--head', 'x'], 'A head is one of a single collector'],
  [['asa', '--key', 'x'], '--key is not the public part of a key'],
  [['asa', '--head', 'none'], 'The head none cannot be read: ENOENT'],
  [['asa', '--head', 'text'], 'text is not a head'],
  [['asa', '--head', 'text', '--key', 'x'], '--key is not the public part of a key'],
])('refuses a wrong call: %j', async (args, text) => {
  await collect(1);
  writeFileSync(at('text'), 'some text');
  const { code, stderr } = await called('verify', ...args);
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(text) });
});
