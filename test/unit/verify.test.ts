import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { eventLeaf } from '../../src/proof/event-leaf.js';
import { newSigningKey, openedNote, parsedHead, signerOf } from '../../src/proof/note.js';
import { rootOfInclusion } from '../../src/proof/proofs.js';
import { Tree } from '../../src/proof/tree.js';
import { files } from '../../src/sinks/files/sink.js';
import { DatabaseSync } from '../../src/sqlite-driver.js';
import { backUp, restore } from '../../src/stores/sqlite/backup.js';
import { SqliteStore } from '../../src/stores/sqlite/store.js';
import { verifyCollector } from '../../src/stores/verify.js';
import { event, page } from '../conformance/pages.js';
import { sendAll } from '../support/archive.js';
import { open } from './sinks/support.js';
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

it('--event proves one event, stored or cleared, and writes the proof for others', async () => {
  await called('proof', 'key', at('key'), '--as', 'trawl.example');
  const signer = signerOf(readFileSync(at('key'), 'utf8'))!;
  const store = new SqliteStore(file, undefined, 'read', signer);
  const events = Array.from({ length: 300 }, (_, index) => event(`e${index}`));
  await store.writePage(page(events, { nextOffset: 'o1', more: true }));
  await store.close();
  const of = (seq: number, ...args: string[]) => called('verify', 'asa', '--event', String(seq), ...args);
  const { code, stdout } = await of(257, '--key', signer.vkey, '--proof', at('proof'));
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: expect.stringContaining('PROVEN: event 257 is one of the 300 events that the signed head stands for.'),
  });
  const [version, index, ...rest] = readFileSync(at('proof'), 'utf8').split('\n');
  expect([version, index]).toEqual(['c2sp.org/tlog-proof@v1', 'index 256']);
  const hashes = rest.slice(0, rest.indexOf('')).map((hash) => Buffer.from(hash, 'base64'));
  const { head, isSigned } = openedNote(rest.slice(rest.indexOf('') + 1).join('\n'), signer.vkey)!;
  expect({ isSigned, size: head.size }).toEqual({ isSigned: true, size: 300 });
  const leaf = Buffer.from(eventLeaf('asa', await rowOf(257)), 'latin1');
  expect(rootOfInclusion(leaf, 256, 300, hashes)).toEqual(head.root);

  expect((await of(257, '--proof', at('proof'))).stderr).toContain('Specify a new file');
  expect(await of(257)).toMatchObject({ code: 4, stdout: expect.stringContaining('not shown') });
  const other = signerOf(newSigningKey('trawl.example'))!.vkey;
  expect(await of(257, '--key', other)).toMatchObject({ code: 3 });
  expect(await of(301)).toMatchObject({ code: 2, stderr: expect.stringContaining('no event 301') });
  expect(await called('verify', 'asa', '--proof', at('p'))).toMatchObject({ code: 2 });
  expect(await called('verify', '--event', '1')).toMatchObject({ code: 2 });

  alter("UPDATE audit_events SET actor = 'x' WHERE seq = 3; DELETE FROM audit_events WHERE seq = 4");
  expect(await of(3, '--key', signer.vkey)).toMatchObject({
    code: 3,
    stdout: expect.stringContaining('Event 3 is not'),
  });
  expect(await of(4, '--key', signer.vkey, '--json')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/"stored": ?false/),
  });
  alter("UPDATE proof_tiles SET hashes = zeroblob(length(hashes)) WHERE log = 'events' AND level = 0 AND number = 1");
  expect(await of(257, '--key', signer.vkey)).toMatchObject({ code: 3 });
  alter("DELETE FROM proof_tiles WHERE log = 'events'");
  expect(await of(257, '--key', signer.vkey)).toMatchObject({ code: 3, stdout: expect.stringContaining('missing') });
});

async function rowOf(seq: number) {
  const store = new SqliteStore(file);
  const [row] = await store.proof.rows('asa', { afterSeq: seq - 1, upToSeq: seq, limit: 1 });
  await store.close();
  return row!;
}

it('--files compares what was offloaded: a folder, a file, or all objects of a sink', async () => {
  const root = at('archive');
  mkdirSync(root);
  const client = open(files, { PATH: root });
  await using(async (store) => {
    await store.setSettings('sink:archive', { kind: 'files', path: root }, []);
    await store.writePage(page([event('a'), event('b'), event('c'), event('d')], { nextOffset: 'o1', more: true }));
    await sendAll(store, client);
    await store.offload.clearConfirmed({
      collector: 'asa',
      sinks: ['archive'],
      beforeNs: 9n * 10n ** 18n,
      eventsMax: 9,
    });
  });
  const left = { unchecked: [], contradictions: [], cleared: 4 };
  for (const place of [root, 'sink:archive'])
    expect(await json('asa', '--files', place)).toMatchObject({
      ...{ code: 4, ...left },
      files: { files: 2, events: 4, restored: 4, asBytes: 0, unknown: [], lacking: [] },
    });
  const { stdout } = await called('verify', 'asa', '--files', root);
  expect(stdout).toContain('4 events of files recomputed, 4 of them no longer in the store');

  const [one, two] = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => /gz$/.test(name))
    .sort();
  expect(await json('asa', '--files', join(root, one!))).toMatchObject({
    code: 4,
    unchecked: [
      expect.stringContaining('1 cleared event is in none'),
      expect.stringContaining('1 object is not among'),
    ],
  });
  expect(await called('verify', 'asa', '--files', at('nothing'))).toMatchObject({ code: 2 });
  expect(await called('verify', 'asa', '--files', 'sink:other')).toMatchObject({ code: 1 });

  rmSync(join(root, two!));
  expect(await json('asa', '--files', root)).toMatchObject({ code: 4, contradictions: [] });
  const gone = { seq: 4, text: expect.stringContaining('is not what was sent') };
  expect(await json('asa', '--files', 'sink:archive')).toMatchObject({ code: 3, contradictions: [gone] });
});

it('says that files are newer than the store, which was set back', async () => {
  const root = at('archive');
  mkdirSync(root);
  await collect(2);
  backUp(file, at('backup.db'));
  await collect(2);
  await using((store) => sendAll(store, open(files, { PATH: root })));
  // In another folder, since this process has the file open.
  vi.stubEnv('TRAWL_DATA', at('restored'));
  file = at('restored/trawl.db');
  restore(at('backup.db'), file);
  const newer = { seq: 3, text: expect.stringContaining('The files have event 4, the store ends with 2') };
  expect(await json('asa', '--files', root)).toMatchObject({ code: 3, contradictions: [newer] });
});
