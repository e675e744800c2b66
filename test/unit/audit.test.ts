import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect, it, onTestFinished } from 'vitest';
import { readers } from '../../scripts/readers.mjs';
import { anchorHead } from '../../src/anchoring/anchor.js';
import type { BatchForm } from '../../src/batch.js';
import { newSigningKey, signerOf } from '../../src/proof/note.js';
import { keysSigner, rotated } from '../../src/proof/rotation.js';
import { files } from '../../src/sinks/files/sink.js';
import { SqliteStore } from '../../src/stores/sqlite/store.js';
import { clearBefore, ofDay } from '../conformance/archive-suite.js';
import { page } from '../conformance/pages.js';
import { sendAll, temporary } from '../support/archive.js';
import { hostileTexts, open } from './sinks/support.js';

const script = fileURLToPath(new URL('../../docs/audit/verify.py', import.meta.url));
const env = { ...process.env, PYTHONPATH: readers, PYTHONDONTWRITEBYTECODE: '1' };
const python = (...args: string[]) => spawnSync('python3', args, { env, encoding: 'utf8' });
const isAbsent = python('-c', 'import cryptography').status !== 0;

const texts = [
  ...hostileTexts,
  ',"raw_event":1',
  ',"extra":{}',
  ',"collected_at":"x"}',
  '\u2028\u2029\u0085',
  '\ud800',
  'é',
];
const deep = `${'['.repeat(3_000)}"]"${']'.repeat(3_000)}`;

interface Archive {
  root: string;
  key: string;
  verified(...args: string[]): { code: number | null; output: string };
  /** Collects and offloads events of one more day. */
  goOn(): Promise<void>;
  store: SqliteStore;
}

/** An archive of events of the first nine days of a month, of which the store has the last four. */
async function archived(form: Partial<BatchForm> = {}, keys = newSigningKey('trawl.example')): Promise<Archive> {
  const root = temporary();
  const signer = keysSigner(keys)!;
  const store = new SqliteStore(join(temporary(), 'trawl.db'), undefined, 'read', signer);
  onTestFinished(() => store.close());
  const client = open(files, { PATH: root });
  const place = { collector: 'asa', place: 'sink:archive', folder: client.proofFolder! };
  let day = 0;
  async function read(count: number): Promise<void> {
    const { lastOffset: offset, pages } = await store.checkpoint('asa');
    const events = Array.from({ length: count }, () => {
      const text = texts[day % texts.length]!;
      day += 1;
      return ofDay(day, {
        id: `${day} ${text.slice(0, 90)}`,
        actor: text,
        rawEvent: `{"text": ${JSON.stringify(text)},\r\n"n":1e400, "n":-0, "big":${'9'.repeat(5_000)}${day === 2 ? `,"deep":${deep}` : ''}}`,
        extra: day % 2 === 0 ? null : `{"more":\n${JSON.stringify(text)}}`,
      });
    });
    await store.writePage(page(events, { offset, nextOffset: `o${pages + 1}`, more: true }));
    await sendAll(store, client, { form });
    await anchorHead(store, place);
  }
  await read(9);
  await clearBefore(store, 6);
  await read(1);
  const verified = (...args: string[]) => {
    const { status, stdout, stderr } = python(script, 'asa', root, ...args);
    return { code: status, output: stdout + stderr };
  };
  return { root, key: signer.vkey, verified, goOn: () => read(1), store };
}

const proven = { code: 0, output: expect.stringContaining('PROVEN: no event of asa up to 10 was changed') };

it.skipIf(isAbsent).each<Partial<BatchForm>>([{ compression: 'gzip' }, { compression: 'none', rawEvent: 'text' }])(
  'verifies an archive without Trawl: %j (skipped where Python lacks cryptography)',
  async (form) => {
    const { key, verified } = await archived(form);
    expect(verified('--key', key)).toEqual(proven);
    expect(verified()).toMatchObject({ code: 4 });
    const other = signerOf(newSigningKey('trawl.example'))!.vkey;
    expect(verified('--key', other)).toMatchObject({ code: 3, output: expect.stringContaining('is not signed') });
    expect(verified('--key', 'x+y+z')).toMatchObject({ code: 2 });
  },
);

it.skipIf(isAbsent)('follows a change of the key', async () => {
  const first = newSigningKey('trawl.example');
  const { root, key, goOn, store } = await archived({}, first);
  const next = rotated(first, new Date())!;
  const { origin } = { origin: `${(await store.proof.state('asa')).store}/asa` };
  expect(next.signer.changes?.((await store.proof.state('asa')).journalNote!, { origin, now: 'x' })).toHaveLength(1);
  await goOn();
  expect(python(script, 'asa', root, '--key', key).status).toBe(0);
});

it.skipIf(isAbsent)('finds each alteration, as trawl verify does', async () => {
  const { root, key, verified } = await archived({ compression: 'gzip' });
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(root, path)).isFile())
    .sort();
  const one = (pattern: RegExp) => join(root, paths.find((path) => pattern.test(path))!);
  const third = one(/dt=2026-01-03/);
  const text = (path: string) => gunzipSync(readFileSync(path)).toString();
  const alterations: [what: string, path: string, alter: (path: string) => void, code: number, output: RegExp][] = [
    [
      'a column',
      third,
      (path) => writeFileSync(path, gzipSync(text(path).replace('"type":"', '"type":"x'))),
      3,
      /event 3\./,
    ],
    ['a line less', third, (path) => writeFileSync(path, gzipSync('')), 3, /event 3\./],
    ['a line twice', third, (path) => writeFileSync(path, gzipSync(text(path).repeat(2))), 3, /event 3\./],
    ['cut', third, (path) => writeFileSync(path, readFileSync(path).subarray(0, -9)), 3, /event 3\./],
    ['another', third, (path) => writeFileSync(path, readFileSync(one(/dt=2026-01-04/))), 3, /first at event 3\./],
    [
      'no file',
      third,
      (path) => rmSync(path),
      4,
      /1 are cleared, first 3\n.*1 files that the journal names are not there/,
    ],
    ['another name', third, (path) => renameSync(path, join(root, 'x.ndjson.gz')), 4, /named by no entry/],
    ['a hash', one(/_proof.*hashes/), (path) => flip(path, 70), 3, /first at event/],
    [
      'fewer hashes',
      one(/_proof.*hashes/),
      (path) => writeFileSync(path, readFileSync(path).subarray(0, 96)),
      3,
      /event 4/,
    ],
    ['no hashes', one(/_proof.*hashes/), (path) => rmSync(path), 3, /event 1/],
    [
      'an entry',
      one(/_proof.*journal/),
      (path) =>
        writeFileSync(path, readFileSync(path, 'utf8').replace('"number', ' "number').replace('page 1', 'page 2')),
      3,
      /not those of/,
    ],
    ['no entries', one(/_proof.*journal/), (path) => rmSync(path), 3, /is missing|it was cut/],
    ['a head', one(/_proof.*heads/), (path) => flip(path, 60), 3, /CONTRADICTED/],
  ];
  for (const [what, path, alter, code, output] of alterations) {
    const kept = readFileSync(path);
    alter(path);
    expect({ what, ...verified('--key', key) }).toEqual({ what, code, output: expect.stringMatching(output) });
    rmSync(join(root, 'x.ndjson.gz'), { force: true });
    writeFileSync(path, kept);
  }
  expect(verified('--key', key)).toEqual(proven);
  expect(python(script, 'other', root, '--key', key).status).toBe(1);
});

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at]! ^= 1;
  writeFileSync(path, bytes);
}
