import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBConnection } from '@duckdb/node-api';
import fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import { contentsOf, joined, rowsDigest } from '../../../src/formats/contents.js';
import type { FormatRow } from '../../../src/formats/format.js';
import { formatOf } from '../../../src/formats/registry.js';
import { anyRows, rowOf } from '../../unit/formats/rows.js';

const parquetKind = { format: 'parquet', compression: 'none' };

async function contentsOfRows(rows: readonly FormatRow[], format = 'parquet') {
  const { bytes } = await formatOf(format).encode(rows, { schema: 'native', compression: 'none' });
  return contentsOf(bytes, { format, compression: 'none' });
}

it('Parquet of many pages and groups is joined so that a reader finds each row by its columns', async () => {
  const raw = (at: number) => `{"n":${at},"text":"${String(at).repeat(300)}"}`;
  const rows = (first: number, count: number) =>
    Array.from({ length: count }, (_, at) =>
      rowOf({ seq: first + at, id: `e${first + at}`, rawEvent: raw(first + at) }),
    );
  const files = [await contentsOfRows(rows(1, 2_500)), await contentsOfRows(rows(2_501, 3))];
  const first = await joined(files, parquetKind);
  const again = await contentsOf(first.bytes, parquetKind);
  expect([again.events, rowsDigest([again])]).toEqual([2_503, rowsDigest(files)]);
  const last = await contentsOfRows(rows(2_504, 2_000));
  const { bytes } = await joined([again, last], parquetKind);
  expect(bytes).toEqual((await joined([...files, last], parquetKind)).bytes);

  const path = join(tmpdir(), `trawl-joined-${process.pid}.parquet`);
  writeFileSync(path, bytes);
  onTestFinished(() => rmSync(path));
  const duckdb = await DuckDBConnection.create();
  onTestFinished(() => duckdb.closeSync());
  const answer = async (sql: string) =>
    (await duckdb.runAndReadAll(sql.replace('FILE', `'${path}'`))).getRows().map(([value]) => value);
  expect((await answer('select raw_event from FILE')).every((text, at) => text === raw(at + 1))).toBe(true);
  expect(await answer('select id from FILE where seq in (1, 2500, 2501, 2503, 2504, 4503) order by seq')).toEqual(
    [1, 2_500, 2_501, 2_503, 2_504, 4_503].map((seq) => `e${seq}`),
  );
  expect(await answer("select seq from FILE where id = 'e2502'")).toEqual([2_502n]);
  const groups = await answer('select count(distinct row_group_id) from parquet_metadata(FILE)');
  expect(groups).toEqual([3n]);
}, 30_000);

it.each(['ndjson', 'csv', 'parquet'])(
  'any rows as %s, divided anyhow, are joined to the same rows',
  async (format) => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRows, { minLength: 2, maxLength: 4 }), async (parts) => {
        const all = parts.filter((rows) => rows.length > 0);
        if (all.length === 0) return;
        const contents = await Promise.all(all.map((rows) => contentsOfRows(rows, format)));
        const kind = { format, compression: 'none' };
        const whole = await contentsOf((await joined(contents, kind)).bytes, kind);
        expect(whole.events).toBe(all.flat().length);
        expect(contents.map(({ events }) => events)).toEqual(all.map((rows) => rows.length));
        expect(rowsDigest([whole])).toBe(rowsDigest(contents));
        if (format === 'parquet') return;
        const { bytes } = await formatOf(format).encode(all.flat(), { schema: 'native', compression: 'none' });
        expect(rowsDigest([whole])).toBe(rowsDigest([await contentsOf(bytes, kind)]));
      }),
      { numRuns: 25 },
    );
  },
  30_000,
);

it('refuses a file that was changed, whatever its format', async () => {
  const { bytes } = await formatOf('parquet').encode([rowOf()], { schema: 'native', compression: 'none' });
  const refused = (changed: Uint8Array, format: string) =>
    expect(contentsOf(changed, { format, compression: 'none' })).rejects.toThrow(Error);
  await refused(bytes.subarray(0, -1), 'parquet');
  await refused(Buffer.concat([bytes.subarray(0, 4), Buffer.from('x'), bytes.subarray(4)]), 'parquet');
  await refused(Buffer.from('PAR1\xff\xff\xff\xffPAR1', 'latin1'), 'parquet');
  await refused(Buffer.from('{"a":1}\n{"b"'), 'ndjson');
  await refused(Buffer.from('a,b\n1,2\n'), 'csv');
  await refused(Buffer.alloc(0), 'ndjson');
});
