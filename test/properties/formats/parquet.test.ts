import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBConnection, type DuckDBTimestampTZValue } from '@duckdb/node-api';
import fc from 'fast-check';
import { decompress } from 'fzstd';
import { parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FormatRow } from '../../../src/formats/format.js';
import { formatOf } from '../../../src/formats/registry.js';
import { attributesOf } from '../../../src/schemas/ocsf/attributes.js';
import { epochNanoseconds } from '../../../src/timestamp.js';
import { anyRows, hostilePieces, rowOf, stored } from '../../unit/formats/rows.js';

const parquet = formatOf('parquet');

let folder: string;
let duckdb: DuckDBConnection;
let files = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trawl-parquet-'));
  duckdb = await DuckDBConnection.create();
});

afterAll(async () => {
  duckdb.closeSync();
  await rm(folder, { recursive: true });
});

async function encoded(rows: readonly FormatRow[], schema: string): Promise<Uint8Array> {
  return (await parquet.encode(rows, { schema, compression: 'none' })).bytes;
}

/** DuckDB's answer to a query of a file with these rows, which the query calls `FILE`. */
async function query(
  rows: readonly FormatRow[],
  schema: string,
  sql = 'select * from FILE',
  parameters: string[] = [],
): Promise<Record<string, unknown>[]> {
  files += 1;
  const path = join(folder, `${files}.parquet`);
  await writeFile(path, await encoded(rows, schema));
  const result = await duckdb.runAndReadAll(sql.replace('FILE', `'${path}'`), parameters);
  return result.getRowObjects();
}

function micros(time: unknown): bigint | null {
  return time === null ? null : (time as DuckDBTimestampTZValue).micros;
}

const textColumns = [
  ...['collector', 'id', 'timestamp', 'type', 'actor', 'user', 'client', 'gateway', 'group', 'project', 'hostname'],
  ...['server', 'from_addr', 'raw_event', 'extra'],
];

/** Texts as bytes, since DuckDB's client drops a byte order mark at the beginning of a text. */
const exactly = `select * replace (${textColumns.map((name) => `hex("${name}") as "${name}"`).join(', ')}) from FILE`;

async function nativeRows(rows: readonly FormatRow[]): Promise<Record<string, unknown>[]> {
  const read = await query(rows, 'native', exactly);
  return read.map((row) => ({
    ...row,
    ...Object.fromEntries(textColumns.map((name) => [name, row[name] === null ? null : unhex(row[name] as string)])),
    time: micros(row.time),
    collected_at: micros(row.collected_at),
  }));
}

function unhex(digits: string): string {
  return Buffer.from(digits, 'hex').toString();
}

/** The row that a reader must get back for an event. */
function nativeRow({ event }: FormatRow): Record<string, unknown> {
  const { collector, seq, fromAddr, rawEvent, collectedAt, extra, ...texts } = event;
  const wellFormed = Object.entries({ ...texts, from_addr: fromAddr, raw_event: rawEvent });
  return {
    ...Object.fromEntries(wellFormed.map(([name, value]) => [name, value.toWellFormed()])),
    collector,
    seq: BigInt(seq),
    time: floorMicros(event.timestamp),
    extra: extra?.toWellFormed() ?? null,
    collected_at: floorMicros(collectedAt),
  };
}

/** Rounded down, before 1970 too. */
function floorMicros(timestamp: string): bigint {
  const nanoseconds = epochNanoseconds(timestamp)!;
  return (nanoseconds - (((nanoseconds % 1000n) + 1000n) % 1000n)) / 1000n;
}

/** As hyparquet reads it: without a byte order mark at the beginning of a text. */
function withoutMarks(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === 'string' ? value.replace(/^\ufeff/, '') : value,
    ]),
  );
}

describe('Parquet of the native schema', () => {
  it('has typed columns in this order', async () => {
    const described = await query([rowOf()], 'native', 'describe select * from FILE');
    expect(described.map((column) => `${column.column_name} ${column.column_type}`)).toEqual([
      ...['collector VARCHAR', 'seq BIGINT', 'id VARCHAR', 'timestamp VARCHAR', 'time TIMESTAMP WITH TIME ZONE'],
      ...['type VARCHAR', 'actor VARCHAR', 'user VARCHAR', 'client VARCHAR', 'gateway VARCHAR', 'group VARCHAR'],
      ...['project VARCHAR', 'hostname VARCHAR', 'server VARCHAR', 'from_addr VARCHAR', 'raw_event VARCHAR'],
      ...['extra VARCHAR', 'collected_at TIMESTAMP WITH TIME ZONE'],
    ]);
  });

  it('has its file name, and is compressed inside whatever the setting', async () => {
    const files = await Promise.all(
      (['gzip', 'zstd', 'none'] as const).map((compression) =>
        parquet.encode([rowOf()], { schema: 'native', compression }),
      ),
    );
    expect(files[0]).toMatchObject({ extension: 'parquet', contentType: 'application/vnd.apache.parquet' });
    expect(files[1]).toEqual(files[0]);
    expect(files[2]).toEqual(files[0]);
  });

  it('has what DuckDB needs to skip files: zstd, statistics, one row group for a batch', async () => {
    const rows = Array.from({ length: 10_000 }, (_, seq) =>
      rowOf({ seq, timestamp: new Date(Date.parse('2026-01-01') + seq).toISOString(), id: `id ${seq}` }),
    );
    const metadata = await query(rows, 'native', 'select * from parquet_metadata(FILE)');
    expect(new Set(metadata.map((column) => column.compression))).toEqual(new Set(['ZSTD']));
    expect(new Set(metadata.map((column) => column.row_group_num_rows))).toEqual(new Set([10_000n]));
    const of = (name: string) => metadata.find((column) => column.path_in_schema === name)!;
    expect(of('time')).toMatchObject({
      stats_min_value: '2026-01-01 00:00:00+00',
      stats_max_value: '2026-01-01 00:00:09.999+00',
      stats_null_count: 0n,
    });
    expect(of('seq')).toMatchObject({ stats_min_value: '0', stats_max_value: '9999' });
    expect(of('type')).toMatchObject({
      stats_min_value: stored.type,
      encodings: expect.stringContaining('DICTIONARY'),
    });
    expect(of('extra')).toMatchObject({ stats_null_count: 10_000n });
  });

  it('begins another row group after 32 MB, and loses nothing', async () => {
    const rows = Array.from({ length: 4 }, (_, at) =>
      rowOf({ seq: at + 1, rawEvent: `{"a":"${'a'.repeat(12_000_000)}"}` }),
    );
    const groups = 'select distinct row_group_id, row_group_num_rows from parquet_metadata(FILE) order by 1';
    expect((await query(rows, 'native', groups)).map((group) => group.row_group_num_rows)).toEqual([3n, 1n]);
    const found = await query(rows, 'native', 'select seq, strlen(raw_event) as length from FILE order by seq');
    expect(found).toEqual(rows.map(({ event }) => ({ seq: BigInt(event.seq), length: BigInt(event.rawEvent.length) })));
  });

  it('begins another row group after 100,000 rows', async () => {
    const row = rowOf();
    const rows = Array.from({ length: 100_001 }, () => row);
    const groups = 'select distinct row_group_id, row_group_num_rows from parquet_metadata(FILE) order by 1';
    expect((await query(rows, 'native', groups)).map((group) => group.row_group_num_rows)).toEqual([100_000n, 1n]);
  });

  it('of any rows is read back by DuckDB', async () => {
    await fc.assert(
      fc.asyncProperty(anyRows, async (rows) => {
        expect(await nativeRows(rows)).toEqual(rows.map(nativeRow));
      }),
      { numRuns: 100 },
    );
  });

  it('of any rows is read back by hyparquet', async () => {
    const compressors = { ZSTD: (input: Uint8Array, length: number) => decompress(input, new Uint8Array(length)) };
    const parsers = { timestampFromMicroseconds: (value: bigint) => value };
    await fc.assert(
      fc.asyncProperty(anyRows, async (rows) => {
        const file = new Uint8Array(await encoded(rows, 'native')).buffer;
        expect(await parquetReadObjects({ file, compressors, parsers: parsers as never })).toEqual(
          rows.map((row) => withoutMarks(nativeRow(row))),
        );
      }),
      { numRuns: 100 },
    );
  });

  it('finds each text by the statistics, in any order', async () => {
    const rows = hostilePieces.map((piece, seq) => rowOf({ seq, actor: `${piece}${'x'.repeat(seq)}` }));
    for (const row of rows) {
      const actor = row.event.actor.toWellFormed();
      const found = await query([row, rows[0]!], 'native', 'select seq from FILE where actor >= ? and actor <= ?', [
        actor,
        actor,
      ]);
      expect(found).toContainEqual({ seq: BigInt(row.event.seq) });
    }
  });

  it('keeps hostile and long texts', async () => {
    const long = '😀 "\u0000\n'.repeat(150_000);
    const rows = [...hostilePieces, long, 'x'.repeat(1_000_000)].map((text, seq) =>
      rowOf({ seq, id: text, actor: text, rawEvent: JSON.stringify({ text }), extra: seq % 2 ? null : text }),
    );
    rows.push(rowOf({ seq: Number.MAX_SAFE_INTEGER }));
    const read = await nativeRows(rows);
    expect(read).toEqual(rows.map(nativeRow));
    expect(read.at(-1)).toMatchObject({ raw_event: stored.rawEvent, seq: 9_007_199_254_740_991n });
  });

  it.each([
    ['2020-11-18T18:05:08.277119888Z', 1_605_722_708_277_119n],
    ['2020-11-18T20:05:08.277119+02:00', 1_605_722_708_277_119n],
    ['1969-12-31T23:59:59.999999999Z', -1n],
    ['2016-12-31T23:59:60Z', 1_483_228_800_000_000n],
    ['9999-12-31T23:59:59Z', 9_223_372_036_854_775n],
    ['yesterday', null],
  ])('has the time %s in microseconds', async (timestamp, time) => {
    const [row] = await nativeRows([rowOf({ timestamp })]);
    expect(row).toMatchObject({ timestamp, time });
  });

  it('of no rows is a file with columns', async () => {
    expect(await query([], 'native')).toEqual([]);
    expect(await query([], 'native', 'describe select * from FILE')).toHaveLength(18);
  });

  it('refuses a schema without columns', async () => {
    await expect(encoded([rowOf()], 'constructor')).rejects.toMatchObject({ code: 'SETTINGS_INVALID' });
  });
});

describe('Parquet of OCSF', () => {
  const record = {
    class_uid: 3002,
    category_uid: 3,
    activity_id: 1,
    type_uid: 300201,
    severity_id: 1,
    status_id: 1,
    time: 1_605_722_708_277,
    class_name: 'Authentication',
    activity_name: 'Logon',
    metadata: { uid: 'u', original_time: '1605722708277', product: { name: 'Okta ASA' }, tenant_uid: 'team' },
    actor: { user: { name: 'Jason' } },
    src_endpoint: { ip: '192.0.2.1' },
    message: 'Jason logged in',
  };

  it('has the attributes as nested columns of fixed types, which SQL can read by name', async () => {
    const described = await query([rowOf({}, record)], 'ocsf', 'describe select * from FILE');
    const types = Object.fromEntries(described.map((column) => [column.column_name, column.column_type]));
    expect(types).toMatchObject({
      ...{ class_uid: 'INTEGER', type_uid: 'BIGINT', time: 'BIGINT', time_dt: 'TIMESTAMP WITH TIME ZONE' },
      ...{ privileges: 'VARCHAR[]', is_remote: 'BOOLEAN', raw_data: 'VARCHAR', unmapped: 'VARCHAR' },
      resources: 'STRUCT(uid VARCHAR, "name" VARCHAR, "type" VARCHAR)[]',
      api: 'STRUCT(operation VARCHAR, service STRUCT("name" VARCHAR), response STRUCT(code INTEGER, message VARCHAR))',
    });
    expect(await query([rowOf({}, {})], 'ocsf', 'describe select * from FILE')).toEqual(described);
    const sql = `select time_dt, actor.user.name as actor, metadata.product.name as product, src_endpoint.ip as ip,
      user from FILE where class_uid = 3002 and activity_id = 1`;
    const [row] = await query([rowOf({}, record), rowOf({}, {})], 'ocsf', sql);
    expect({ ...row, time_dt: micros(row!.time_dt) }).toEqual({
      time_dt: 1_605_722_708_277_119n,
      ...{ actor: 'Jason', product: 'Okta ASA', ip: '192.0.2.1', user: null },
    });
  });

  it('has in unmapped what does not fit any column, and nothing twice', async () => {
    const odd = {
      ...{ class_uid: '3002', type_uid: 1.5, status_id: 2 ** 31, time: 2 ** 70, actor: 'Jason', message: 'it' },
      ...{ user: { name: 7, uid: 'u', __proto__: null }, privileges: ['a', 1], resources: [], strange: { a: [null] } },
      unmapped: { kept: true },
    };
    const sql =
      'select class_uid, type_uid, status_id, actor, message, user.uid as uid, privileges, unmapped from FILE';
    const [row] = await query([rowOf({}, odd)], 'ocsf', sql);
    const { unmapped, ...others } = row!;
    const nulls = { class_uid: null, type_uid: null, status_id: null, actor: null, privileges: null };
    expect(others).toEqual({ ...nulls, message: 'it', uid: 'u' });
    expect(JSON.parse(unmapped as string)).toEqual({
      kept: true,
      no_column: {
        ...{ class_uid: '3002', type_uid: 1.5, status_id: 2 ** 31, time: 2 ** 70, actor: 'Jason' },
        ...{ user: { name: 7 }, privileges: ['a', 1], strange: { a: [null] } },
      },
    });
  });

  it('takes the time of the record if it has one', async () => {
    const [row] = await query([rowOf({}, { time_dt: '2020-01-01T00:00:00.000001Z' })], 'ocsf');
    expect(micros(row!.time_dt)).toBe(1_577_836_800_000_001n);
  });
});

describe('Parquet of ECS', () => {
  const expected = {
    '@timestamp': 1_577_836_800_000_000n,
    event_action: 'server.ssh_login',
    event_outcome: 'success',
    event_dataset: 'okta_asa.audit',
    user_name: 'Jason',
    source_ip: '192.0.2.1',
  };

  it.each([
    {
      '@timestamp': '2020-01-01T00:00:00Z',
      event: { action: 'server.ssh_login', outcome: 'success', dataset: 'okta_asa.audit' },
      user: { name: 'Jason' },
      source: { ip: '192.0.2.1' },
    },
    {
      '@timestamp': '2020-01-01T00:00:00Z',
      'event.action': 'server.ssh_login',
      'event.outcome': 'success',
      'event.dataset': 'okta_asa.audit',
      'user.name': 'Jason',
      'source.ip': '192.0.2.1',
    },
  ])('fills its columns from nested and from dotted names: %j', async (record) => {
    const [row] = await query([rowOf({}, record)], 'ecs');
    const read = { ...row, '@timestamp': micros(row!['@timestamp']) };
    expect(read).toEqual({ ...expected, event: JSON.stringify(record) });
    expect(Object.keys(row!)).toEqual([...Object.keys(expected), 'event']);
  });

  it('has null for missing members, and the time of the event', async () => {
    const [row] = await query([rowOf()], 'ecs');
    expect(micros(row!['@timestamp'])).toBe(1_605_722_708_277_119n);
    expect(row).toMatchObject({ event_action: null, user_name: null, source_ip: null, event: '{}' });
  });
});

describe('any record in Parquet', () => {
  it('of OCSF is complete: everything without a column is in unmapped', async () => {
    await fc.assert(
      fc.asyncProperty(anyRows, async (rows) => {
        const names = Object.keys(attributesOf());
        const read = await query(rows, 'ocsf', `select ${names.map((name) => `"${name}"`).join(', ')} from FILE`);
        expect(read).toHaveLength(rows.length);
        for (const [at, { json }] of rows.entries()) {
          const shown = JSON.stringify(read[at], (_, value) => (typeof value === 'bigint' ? Number(value) : value));
          const { unmapped } = JSON.parse(shown) as { unmapped: string | null };
          const { no_column: rest = {} } = JSON.parse(unmapped ?? '{}') as { no_column?: object };
          const { unmapped: own, ...members } = JSON.parse(json.toWellFormed()) as Record<string, unknown>;
          for (const name of Object.keys(members)) {
            if (members[name] === null) continue;
            const column = names.includes(name) && (read[at] as Record<string, unknown>)[name];
            expect(column || Object.hasOwn(rest, name) || column === 0 || column === '').toBeTruthy();
          }
          expect(own === undefined || unmapped !== null).toBe(true);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('of ECS is complete', async () => {
    await fc.assert(
      fc.asyncProperty(anyRows, async (rows) => {
        const read = await query(rows, 'ecs', 'select event from FILE');
        expect(read.map(({ event }) => event)).toEqual(rows.map(({ json }) => json.toWellFormed()));
      }),
      { numRuns: 30 },
    );
  });
});
