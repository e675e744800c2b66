import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it, vi } from 'vitest';
import { readProcessSettings } from '../../src/cli/process-settings.js';
import { newSigningKey, openedNote, signerOf } from '../../src/proof/note.js';
import { keysSigner } from '../../src/proof/rotation.js';
import { SqliteStore } from '../../src/stores/sqlite/store.js';
import { event, page } from '../conformance/pages.js';
import { called, inOwnFolder } from './support/called.js';

let folder = '';
const at = (name: string) => join(folder, name);

beforeEach(() => {
  folder = inOwnFolder();
  vi.stubEnv('TRAWL_DATA', folder);
});

/** Writes a page as a worker does that has been started with the key file as it is now. */
async function collect(now = new Date()): Promise<void> {
  const keys = keysSigner(readFileSync(at('key'), 'utf8'))!;
  const store = new SqliteStore(at('trawl.db'), () => now, 'read', keys);
  const { lastOffset: offset, lastSeq, pages } = await store.checkpoint('asa');
  await store.writePage(page([event(`e${lastSeq}`)], { offset, nextOffset: `o${pages + 1}`, more: true }));
  await store.close();
}

async function note(): Promise<string> {
  const store = new SqliteStore(at('trawl.db'));
  const { journalNote } = await store.proof.state('asa');
  await store.close();
  return journalNote!;
}

const key = async (...args: string[]) => (await called('proof', 'key', at('key'), ...args)).stdout.trim();
const verify = async (...keys: string[]) => {
  const { code, stdout } = await called('verify', 'asa', ...keys.flatMap((one) => ['--key', one]), '--json');
  const { unchecked, contradictions } = JSON.parse(stdout) as Record<string, unknown>;
  return { code, unchecked, contradictions };
};
const proven = { code: 0, unchecked: [], contradictions: [] };
const day = 24 * 3_600_000;

it('a key names the next one, both sign for a day, and the first one still proves everything', async () => {
  const first = await key('--as', 'trawl.example');
  await collect();
  expect(await verify(first)).toEqual(proven);

  const second = await key('--rotate');
  expect(second).toMatch(/^trawl\.example\+/);
  expect(second).not.toBe(first);
  expect((statSync(at('key')).mode & 0o777).toString(8)).toBe('600');
  await collect();
  const both = await note();
  for (const vkey of [first, second]) expect(openedNote(both, vkey)?.isSigned).toBe(true);
  for (const given of [[first], [second], [first, second]]) expect(await verify(...given)).toEqual(proven);

  await collect(new Date(Date.now() + day + 60_000));
  const later = await note();
  expect(openedNote(later, first)?.isSigned).toBe(false);
  expect(openedNote(later, second)?.isSigned).toBe(true);
  for (const given of [[first], [second]]) expect(await verify(...given)).toEqual(proven);
  expect((await called('verify', 'asa', '--event', '2', '--key', first)).code).toBe(0);
});

it('a collector that no page came for meanwhile names each key since', async () => {
  const first = await key('--as', 'trawl.example');
  await collect();
  await key('--rotate');
  const third = await key('--rotate');
  await collect(new Date(Date.now() + 2 * day));
  expect(await verify(first)).toEqual(proven);
  expect(await verify(third)).toEqual(proven);
});

it('a key that none has named contradicts, also if somebody says otherwise in the journal', async () => {
  const first = await key('--as', 'trawl.example');
  await collect();
  const foreign = newSigningKey('trawl.example');
  writeFileSync(at('key'), `${foreign}\n`);
  await collect();
  const unsigned = { seq: null, text: expect.stringContaining(`is not signed by ${first}.`) };
  expect(await verify(first)).toMatchObject({ code: 3, contradictions: [unsigned, unsigned] });
  expect(await verify(signerOf(foreign)!.vkey)).toEqual(proven);

  // Whoever has a key of his own can only sign with that.
  const other = signerOf(newSigningKey('trawl.example'))!;
  const store = new SqliteStore(at('trawl.db'), undefined, 'read', {
    ...signerOf(foreign)!,
    changes: () => [
      { kind: 'key', at: 'now', old: first, new: signerOf(foreign)!.vkey, signature: other.signature('anything') },
    ],
  });
  await store.resetCheckpoint('asa', ['reset']);
  await store.close();
  expect(await verify(first)).toMatchObject({ code: 3 });
});

it('the file in the data folder signs, with all its keys, if no other is named', async () => {
  await key('--as', 'trawl.example');
  const second = await key('--rotate');
  writeFileSync(at('proof-key'), readFileSync(at('key')));
  expect(readProcessSettings(folder, { TRAWL_DATA: folder, ASA_TEAM: 'a' }).proofKey).toBe(
    readFileSync(at('key'), 'utf8').trim(),
  );
  await collect();
  // As any command that writes does.
  expect((await called('env', 'set', 'asa', 'source=asa')).code).toBe(0);
  expect(await verify(second)).toEqual(proven);
});

it.each([
  ['a file that is not there', [], 'cannot be read'],
  ['a file without a key', ['x'], 'has no key'],
  ['another name', ['PRIVATE'], '--rotate keeps the name'],
] as const)('refuses to rotate %s', async (_, [text], said) => {
  if (text) writeFileSync(at('key'), text);
  const more = text === 'PRIVATE' ? ['--as', 'another'] : [];
  const { code, stderr } = await called('proof', 'key', at('key'), '--rotate', ...more);
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(said) });
});

it('a file of keys has the time of each older one', () => {
  const [one, two] = [newSigningKey('a'), newSigningKey('a')];
  expect(keysSigner(`${one}\n${two} 2026-01-01T00:00:00.000Z\n`)?.vkey).toBe(signerOf(one)!.vkey);
  for (const wrong of [`${one}\n${two}`, `${one}\nx 2026-01-01T00:00:00.000Z`, ''])
    expect(keysSigner(wrong)).toBeNull();
});
