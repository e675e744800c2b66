import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FilesCheck, type FilesVerdict } from '../../src/archive/proven-files.js';
import { type CompactableSink, compact } from '../../src/compaction/compact.js';
import { files } from '../../src/sinks/files/sink.js';
import type { SinkClient } from '../../src/sinks/sink.js';
import type { Store } from '../../src/stores/store.js';
import { type Verdict, verifyCollector } from '../../src/stores/verify.js';
import { firstOf } from '../../src/stores/verify-objects.js';
import { sendAll, temporary } from '../support/archive.js';
import { open } from '../unit/sinks/support.js';
import { clearBefore, ofDay } from './archive-suite.js';
import { page } from './pages.js';
import type { StoreUnderTest } from './store-suite.js';

const hostile = [
  '\r\n',
  '\u0000',
  ',"raw_event":1',
  ',"extra":{}',
  '\u2028',
  '\ud800',
  '"]}\\',
  '\u202e',
  'a'.repeat(70_000),
];

/** Offloaded files beside the proof of completeness of a kind of store. */
export function provenFilesSuite(name: string, create: () => Promise<StoreUnderTest>): void {
  describe(`offloaded files beside the proof of ${name}`, () => {
    let place: StoreUnderTest;
    let store: Store;
    let client: SinkClient;
    let root: string;

    beforeAll(async () => {
      place = await create();
      store = await place.open();
    });
    afterAll(async () => {
      await store.close();
      await place.remove();
    });

    /** Collects events of nine days, sends them in this form, and clears the first five. */
    async function archived(form: Record<string, string>, dayOf = (nth: number) => nth): Promise<void> {
      await store.close();
      await place.remove();
      place = await create();
      store = await place.open();
      root = temporary();
      client = open(files, { PATH: root });
      const days = hostile.map((text, at) =>
        ofDay(dayOf(at + 1), {
          id: `${at} ${text.slice(0, 50)}`,
          actor: text,
          rawEvent: `{"text": ${JSON.stringify(text)},\r\n"n":1e400, "n":-0}`,
          extra: at % 2 === 0 ? null : `{"more":\n${JSON.stringify(text)}}`,
        }),
      );
      await store.writePage(page(days, { nextOffset: 'next', more: true }));
      await sendAll(store, client, { form });
      await clearBefore(store, 6);
      await store.writePage(page([], { offset: 'next', nextOffset: 'last' }));
    }

    const names = () =>
      readdirSync(root, { recursive: true, encoding: 'utf8' })
        .filter((path) => statSync(join(root, path)).isFile())
        .sort();

    async function checked(): Promise<{ verdict: Verdict; found: FilesVerdict }> {
      const verdict = await verifyCollector(store.proof, 'asa');
      const check = new FilesCheck(store.proof, verdict);
      for (const path of names()) await check.add({ name: path, read: async () => readFileSync(join(root, path)) });
      return { verdict, found: check.finish() };
    }

    const whole = { contradictions: [], unknown: [], lacking: [], newest: 0, foreign: 0 };

    it.each([
      { format: 'ndjson', compression: 'gzip' },
      { format: 'ndjson', compression: 'zstd' },
      { format: 'ndjson', compression: 'none', rawEvent: 'text' },
      { format: 'parquet', compression: 'none' },
    ])('$format, $compression $rawEvent: each event is recomputed, those that are cleared too', async (form) => {
      await archived(form);
      const { verdict, found } = await checked();
      expect(verdict).toMatchObject({ contradictions: [], cleared: 5, stored: 4 });
      expect(found).toEqual({ ...whole, files: 9, events: 9, restored: 5, asBytes: 0 });
    });

    it.each([
      { format: 'csv', compression: 'gzip' },
      { format: 'ndjson', compression: 'none', schema: 'ocsf' },
    ])('$format, $schema: compared byte for byte', async (form) => {
      await archived(form);
      const { verdict, found } = await checked();
      expect(verdict.contradictions).toEqual([]);
      expect(found).toEqual({ ...whole, files: 9, events: 0, restored: 0, asBytes: 9 });
      const [first] = names() as [string];
      const bytes = readFileSync(join(root, first));
      bytes[bytes.length - 20]! ^= 1;
      writeFileSync(join(root, first), bytes);
      expect((await checked()).found.contradictions[0]).toMatchObject({ seq: 1 });
    });

    const lineOf = (path: string) => gunzipSync(readFileSync(join(root, path))).toString();
    const rewrite = (path: string, text: string) => writeFileSync(join(root, path), gzipSync(text));
    const attacks: [what: string, attack: (path: string, other: string) => void, seq: number | null][] = [
      ['a text of a line is changed', (path) => rewrite(path, lineOf(path).replace('"type":"', '"type":"x')), 3],
      ['a line is gone', (path) => rewrite(path, ''), 3],
      ['a line is doubled', (path) => rewrite(path, lineOf(path).repeat(2)), 3],
      ['it is cut', (path) => writeFileSync(join(root, path), readFileSync(join(root, path)).subarray(0, -9)), 3],
      ['it has the content of another', (path, other) => rewrite(path, lineOf(other)), 3],
      ['it is compressed again', (path) => writeFileSync(join(root, path), gzipSync(lineOf(path), { level: 1 })), 3],
      [
        'a file of no entry has a changed event',
        (path) => rewrite('stray.ndjson.gz', lineOf(path).replace('"user":"', '"user":"x')),
        3,
      ],
    ];
    it.each(attacks)('%s', async (_what, attack, seq) => {
      await archived({ format: 'ndjson', compression: 'gzip' });
      attack(names()[2]!, names()[7]!);
      const { contradictions } = (await checked()).found;
      expect(Math.min(...contradictions.map((one) => one.seq ?? Infinity))).toBe(seq);
    });

    it('a file that is missing, and one that the journal does not name', async () => {
      await archived({ format: 'ndjson', compression: 'gzip' });
      const [first, second] = names() as [string, string];
      rmSync(join(root, first));
      renameSync(join(root, second), join(root, `other-${second.split('/').at(-1)}`));
      const { found } = await checked();
      expect(found).toMatchObject({ contradictions: [], files: 7, events: 9 - 1, restored: 4 });
      expect(found.lacking.map(firstOf)).toEqual([1, 2]);
      expect(found.unknown).toHaveLength(1);
    });

    it('a compaction keeps the proof', async () => {
      await archived({ format: 'ndjson', compression: 'gzip' }, () => 1);
      await compact({
        ...{ ledger: store.offload, client: client as CompactableSink, collector: 'asa', sink: 'archive' },
        ...{ beforeNs: ofDay(31).timeNs, confirmedBefore: '9999', signal: new AbortController().signal },
      });
      expect(names()).toHaveLength(1);
      const { verdict, found } = await checked();
      expect(verdict.contradictions).toEqual([]);
      expect(found).toEqual({ ...whole, files: 1, events: 9, restored: 9, asBytes: 0 });
    });

    it.each([
      ['lists another digest', `replace(objects, '"sha256":"', '"sha256":"0')`, /otherwise than entry/],
      ['lists fewer', `'[]'`, /lacks .*which entry/],
      ['lists another name', `replace(objects, '"name":"', '"name":"x')`, /lacks .*which entry/],
    ])('a manifest that %s is contradicted', async (_what, objects, text) => {
      await archived({ format: 'ndjson', compression: 'gzip' });
      await place.execute(`UPDATE offload_batches SET objects = ${objects} WHERE number = 2`);
      const { contradictions } = await verifyCollector(store.proof, 'asa');
      expect(contradictions.map((one) => one.text).join('\n')).toMatch(text);
    });
  });
}
