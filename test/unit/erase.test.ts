import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it, vi } from 'vitest';
import { SqliteStore } from '../../src/stores/sqlite/store.js';
import { event, page } from '../conformance/pages.js';
import { called, inOwnFolder } from './support/called.js';

let folder = '';
const somebody = 'somebody whom nobody may find any more';

beforeEach(async () => {
  folder = inOwnFolder();
  vi.stubEnv('TRAWL_DATA', folder);
  const store = new SqliteStore(join(folder, 'trawl.db'));
  await store.setSettings('asa', { source: 'asa' }, []);
  const events = Array.from({ length: 50 }, (_, at) => event(`e${at + 1}`));
  events[6] = event('e7', { actor: somebody, rawEvent: JSON.stringify({ id: 'e7', who: somebody.repeat(2_000) }) });
  await store.writePage(page(events));
  await store.close();
});

const erase = (seq: number | string, ...more: string[]) =>
  called('erase', 'asa', '--seq', String(seq), '--reason', 'request 17', ...more);
/** The files of the store that have these bytes. */
const filesWith = (text: string) =>
  readdirSync(folder).filter((name) => readFileSync(join(folder, name), 'latin1').includes(text));

it('deletes the event, its bytes too, and says when, by whom and why', async () => {
  // As a worker has the file open meanwhile.
  const worker = new SqliteStore(join(folder, 'trawl.db'));
  await worker.walkStart('asa');
  expect(filesWith(somebody)).toContain('trawl.db');
  const { code, stdout } = await erase(7, '--yes');
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^asa: event 7 erased at \S+Z by \S+ on \S+: request 17\n$/),
  });
  expect(filesWith(somebody)).toEqual([]);
  expect((await worker.events({ collector: 'asa', afterSeq: 0 }, 100)).map(({ seq }) => seq)).not.toContain(7);
  await worker.close();

  const shown = await called('events', 'show', 'asa', '7');
  expect(shown).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/Event 7 of asa was erased at \S+Z by .*: request 17\./),
  });
  const verified = await called('verify', 'asa');
  expect(verified).toMatchObject({ code: 4, stdout: expect.stringContaining('erased        1 event, as the journal') });
  const again = JSON.parse((await erase(7, '--yes', '--json')).stdout);
  expect(again).toMatchObject({ collector: 'asa', seq: 7, erased: true, reason: 'request 17', copies: [] });
});

it.each([
  ['a number that no event has', [51, '--yes'], 1, 'There is no event 51 in asa.'],
  ['no terminal to ask on', [7], 1, 'Nothing was erased: there is no terminal to ask on.'],
  ['no number', ['x', '--yes'], 2, 'Use a whole number'],
] as const)('refuses %s', async (_, [seq, ...more], code, said) => {
  expect(await erase(seq, ...more)).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(said) });
});

it('refuses to give no reason', async () => {
  const { code, stderr } = await called('erase', 'asa', '--seq', '7', '--reason', ' ', '--yes');
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('--reason has 1 to 1000 characters') });
});
