import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { root } from '../../scripts/setup.mjs';
import { isReadable } from '../../src/archive/fetch.js';
import { decompressed } from '../../src/formats/compression.js';
import { requireDuckDb } from '../../src/query/duckdb.js';
import { runInProcess } from '../../src/query/process.js';
import { notOneSelect } from '../../src/query/statement.js';
import { files } from '../../src/sinks/files/sink.js';
import { sinks } from '../../src/sinks/registry.js';
import { s3 } from '../../src/sinks/s3/sink.js';
import { SqliteStore } from '../../src/stores/sqlite/store.js';
import { gathered, sendAll, temporary } from '../support/archive.js';
import { until } from '../support/collection.js';
import { open } from '../unit/sinks/support.js';
import { archiveSuite, clearBefore, ofDay } from './archive-suite.js';
import { page } from './pages.js';

function sqlite(dataDir = temporary()): SqliteStore {
  const store = new SqliteStore(join(dataDir, 'trawl.db'));
  onTestFinished(() => store.close());
  return store;
}

archiveSuite('SQLite', async () => sqlite());

/** A store that has two of three events, and a sink that has all. */
async function archived(form = {}, first = ofDay(1)) {
  const [dataDir, path] = [temporary(), temporary()];
  const store = sqlite(dataDir);
  const client = open(files, { PATH: path });
  await store.writePage(page([first, ofDay(2), ofDay(3)], { nextOffset: 'next', more: true }));
  await sendAll(store, client, { form });
  await clearBefore(store, 2);
  return { store, client, path, dataDir };
}

describe('an event that only the archive has', () => {
  // Parsers change each of these, and some refuse it.
  const hostile = String.raw`{"half":"\ud800","n":123456789012345678901.50,"e":1e999,"a":1,"a":2,"é":"\u00e9","x": [ 1 , 2 ]}`;

  it.each([
    { format: 'ndjson', compression: 'gzip' },
    { format: 'ndjson', compression: 'zstd' },
    { format: 'ndjson', compression: 'none' },
    { format: 'ndjson', rawEvent: 'text' as const },
    { format: 'parquet', compression: 'none' },
  ])('is as the source wrote it: %j', async (form) => {
    const texts = { id: '=1+1\'"\\\n', actor: '\u202e;DROP', rawEvent: hostile, extra: '{"a":1,"a":0.10}' };
    const { store, client } = await archived(form, ofDay(1, texts));
    const { answer } = await gathered({ store, client });
    const { rows } = await answer('SELECT id, actor, raw_event, extra FROM events WHERE seq = 1');
    expect(rows).toEqual([[texts.id, texts.actor, hostile, texts.extra]]);
    expect((await answer('SELECT count(*) FROM events')).rows).toEqual([[3]]);
  });

  it('is missing where there is none', async () => {
    const { answer } = await gathered({ store: sqlite(), client: open(files, { PATH: temporary() }) });
    expect((await answer('SELECT count(*) FROM events')).rows).toEqual([[0]]);
  });

  it('has its time to the nanosecond, within the limits', async () => {
    const times: [string, bigint][] = [
      ['1600-01-01T00:00:00Z', -(2n ** 63n)],
      ['2300-01-01T00:00:00.000000999Z', 2n ** 63n - 1n],
      ['1969-12-31T23:59:59.999999999Z', -1n],
      ['2026-01-01T01:00:00.5+01:00', 1_767_225_600_500_000_000n],
    ];
    const store = sqlite();
    await store.writePage(page(times.map(([timestamp, timeNs], at) => ofDay(at + 1, { timestamp, timeNs }))));
    const { answer } = await gathered({ store, client: open(files, { PATH: temporary() }) });
    const { rows } = await answer('SELECT time_ns FROM events ORDER BY seq');
    expect(rows.map(([ns]) => BigInt(ns as number))).toEqual(times.map(([, ns]) => ns));
  });
});

describe('SQL on an archive', () => {
  it('is as docs/tables.md shows it, which names the version in use', async () => {
    const page = readFileSync(join(root, 'docs', 'tables.md'), 'utf8');
    const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(page).toContain(`tested with ${devDependencies['@duckdb/node-api'].split('-')[0]}.`);
    const { store, client } = await archived();
    const { answer } = await gathered({ store, client });
    const { rows } = await answer(/--archive lake[^"]*"([^"]+)"/.exec(page)![1]!);
    expect(rows).toEqual([1, 2, 3].map((day) => [`2026-01-0${day} 00:00:00+00`, 1]));
  });

  it('reaches no file, changes nothing and gives itself no right', async () => {
    const { store, client } = await archived();
    const { answer, place } = await gathered({ store, client });
    const { folder, database } = place;
    const before = [readdirSync(folder).sort(), readFileSync(database)];
    const readers = ["read_text('/etc/passwd')", "glob('/etc/*')", "'https://example.com/x.parquet'"];
    for (const sql of [
      ...readers.map((from) => `FROM ${from}`),
      "SELECT getenv('HOME')",
      'SELECT nonsense FROM nowhere',
    ])
      await expect(answer(sql)).rejects.toThrow(/^The query failed: \w+ Error: .*[^.]\.$/);
    const target = join(folder, 'written');
    for (const sql of [
      `COPY events TO '${target}'`,
      `EXPLAIN ANALYZE COPY events TO '${target}'`,
      `ATTACH '${target}'`,
    ])
      await expect(answer.unchecked(sql)).rejects.toThrow(
        /^The query failed: (it may only select|Permission Error: .*)\.$/,
      );
    expect([readdirSync(folder).sort(), readFileSync(database)]).toEqual(before);
    const values = "SELECT 9007199254740993, 1.50, true, NULL, [1, 2], DATE '2026-01-01', '\\xAB'::BLOB, 1e999";
    expect((await answer(values)).rows).toEqual([
      [9007199254740993n, '1.50', true, null, '[1, 2]', '2026-01-01', Buffer.from([0xab]), 'Infinity'],
    ]);
    expect((await answer(`SELECT raw_event->>'$.id' FROM events ORDER BY seq; -- all`)).rows).toEqual([
      ['e1'],
      ['e2'],
      ['e3'],
    ]);
  });

  it('ends after its time, and when it is interrupted', async () => {
    const { store, client } = await archived();
    const { answer } = await gathered({ store, client });
    const endless = 'WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c';
    await expect(answer(endless, { withinMs: 500 })).rejects.toThrow('it took longer than 0.5 s');
    const ending = new AbortController();
    const running = answer(endless, { signal: ending.signal });
    ending.abort();
    await expect(running).rejects.toThrow('The query was interrupted.');
  });
});

it.each([
  "COPY events TO '/tmp/x'",
  'EXPLAIN ANALYZE COPY events TO x',
  "EXPORT DATABASE '/tmp/x'",
  "IMPORT DATABASE '/tmp/x'",
  "ATTACH '/tmp/x'",
  'INSTALL httpfs',
  'LOAD httpfs',
  'PRAGMA database_list',
  '/* SELECT */ -- SELECT\n PRAGMA version',
  'SET enable_external_access = true',
  'RESET lock_configuration',
  'CREATE TEMP TABLE x AS SELECT 1',
  'DELETE FROM events',
  'CALL pragma_version()',
  "PREPARE x AS COPY events TO '/tmp/x'",
  'EXECUTE x',
  'BEGIN',
  'SELECT 1; SELECT 2',
  ' ; -- nothing',
])('%j is not run on an archive', (sql) => {
  expect(notOneSelect(sql)).toBeDefined();
});

it.each(['(SELECT 1) UNION SELECT 2', 'FROM events', '-- all\nWITH x AS (SELECT 1) FROM x;', 'DESCRIBE events'])(
  '%j is run on an archive',
  (sql) => expect(notOneSelect(sql)).toBeUndefined(),
);

describe('an archive that is not whole is refused', () => {
  const objectIn = (path: string) =>
    join(
      path,
      readdirSync(path, { recursive: true, encoding: 'utf8' }).find((name) => name.includes('dt=2026-01-01/'))!,
    );

  it.each([
    ['an object is gone', (path: string) => rmSync(path), /^raw\/.* is not in \S+ any more\.$/],
    ['an object is cut', (path: string) => writeFileSync(path, 'x'), /has 1 bytes; \d+ were written\.$/],
    [
      'an object is something else',
      (path: string) => writeFileSync(path, Buffer.alloc(readFileSync(path).length)),
      /^raw\/.* cannot be read as \w+: .*\.$/,
    ],
  ] as const)('%s', async (_, change, message) => {
    for (const format of ['ndjson', 'parquet']) {
      const { store, client, path } = await archived({ format });
      change(objectIn(path));
      await expect(gathered({ store, client })).rejects.toThrow(message);
    }
  });

  it('an object has fewer events than were sent', async () => {
    const { store, client, path } = await archived({ compression: 'none' });
    const object = objectIn(path);
    writeFileSync(object, readFileSync(object, 'utf8').replace(/\n$/, ' '));
    await expect(gathered({ store, client })).rejects.toThrow('the last line is not whole');
    const other = await archived({ format: 'parquet' });
    const batches = other.store.offload.archived.bind(other.store.offload);
    other.store.offload.archived = async (...asked) =>
      (await batches(...asked)).map((batch) => ({
        ...batch,
        objects: batch.objects.map((one) => ({ ...one, events: 2 })),
      }));
    await expect(gathered(other)).rejects.toThrow(/^The archive cannot be queried: raw\/\S+ has 1 event, not the 2/);
  });

  it('its form cannot be read, or it is too large', async () => {
    const ocsf = await archived({ schema: 'ocsf', format: 'parquet' });
    await expect(gathered(ocsf)).rejects.toThrow('The sink archive has events in the schema ocsf as parquet.');
    const csv = await archived({ format: 'csv' });
    await expect(gathered(csv)).rejects.toThrow('The sink archive has events in the schema native as csv.');
    const large = await archived();
    // What is left out is neither missed nor counted.
    await gathered({ ...large, more: { bytesMax: 10, sinceNs: 2n ** 62n } });
    await expect(gathered({ ...large, more: { bytesMax: 10 } })).rejects.toThrow(
      /^This needs 1 MB of archive in 3 objects/,
    );
  });

  it.each([
    ['gzip', Buffer.from('no gzip')],
    // A frame that claims 4 GB, and one that claims nothing.
    ['zstd', Buffer.from('28b52ffda0ffffffff010000', 'hex')],
    ['zstd', Buffer.from('28b52ffd00580100', 'hex')],
    ['zstd', Buffer.from('28b5', 'hex')],
  ] as const)('%s that is not what was written: file %#', async (compression, bytes) => {
    await expect(decompressed(bytes, compression)).rejects.toThrow();
  });

  it('a name in the manifest leads elsewhere', async () => {
    const { client } = await archived();
    const object = { name: '../../../../etc/hostname', events: 1, bytes: 1 };
    await expect(client.read!(object)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });
});

describe('trawl query --archive', () => {
  it('shows what it found, and leaves no file behind when it ends, is interrupted or was killed', async () => {
    const { store, client, dataDir } = await archived();
    await store.setSettings('sink:archive', { kind: 'files', path: client.place }, []);
    await store.close();
    const parent = temporary();
    const start = (...args: string[]) => {
      const env = { PATH: process.env.PATH, HOME: parent, TMPDIR: parent, TRAWL_DATA: dataDir };
      const call = [join(root, 'bin', 'trawl'), 'query', '--archive', 'archive', ...args];
      return spawn(process.execPath, call, { cwd: parent, env, stdio: ['ignore', 'pipe', 'pipe'] });
    };
    const all = start('--csv', 'SELECT seq, id FROM events ORDER BY seq');
    const [out, told] = await Promise.all([text(all.stdout), text(all.stderr)]);
    expect(out.trim().split(/\r?\n/)).toEqual(['seq,id', '1,e1', '2,e2', '3,e3']);
    expect(told).toBe('Fetching 3 objects (1 MB) of archive.\n');
    expect(readdirSync(parent)).toEqual([]);

    const endless = 'WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c';
    for (const signal of ['SIGKILL', 'SIGINT'] as const) {
      const child = start(endless);
      const isGathered = () =>
        readdirSync(parent).some(
          (name) => name.includes(`-${child.pid}-`) && readdirSync(join(parent, name)).includes('events.duckdb'),
        );
      await until('it has gathered', async () => isGathered());
      child.kill(signal);
      const [code] = await once(child, 'close');
      expect(code).toBe(signal === 'SIGINT' ? 130 : null);
    }
    expect(readdirSync(parent)).toEqual([]);
  });

  it.each([
    [['--since', '7d'], '--collector, --since, --until and --megabytes say what --archive takes.'],
    [['--archive', 'siem'], 'The sink siem is of the kind syslog, whose events cannot be read back.'],
    [['--archive', 'archive', '--since', 'noon'], '--since "noon" is not a valid time.'],
    [['--archive', 'archive'], 'Temporary files cannot be written to /nowhere: '],
  ])('%j is refused', async (args, message) => {
    const dataDir = temporary();
    const store = new SqliteStore(join(dataDir, 'trawl.db'));
    await store.setSettings('sink:siem', { kind: 'syslog', address: 'siem.example' }, []);
    await store.setSettings('sink:archive', { kind: 'files', path: dataDir }, []);
    await store.close();
    const env = { PATH: process.env.PATH, HOME: dataDir, TRAWL_DATA: dataDir, TMPDIR: '/nowhere' };
    const call = [join(root, 'bin', 'trawl'), 'query', 'SELECT 1', ...args];
    const child = spawn(process.execPath, call, { cwd: dataDir, env, stdio: ['ignore', 'ignore', 'pipe'] });
    expect(await text(child.stderr)).toContain(`error: ${message}`);
  });
});

it('a result is refused if its process has ended before it was whole', async () => {
  const program = join(temporary(), 'dies.mjs');
  writeFileSync(program, `console.log('{"columns":["n"]}\\n{"rows":[[1]]}');`);
  const reading = runInProcess(pathToFileURL(program), {}, {}, async ({ rows }) => {
    for await (const _ of rows);
  });
  await expect(reading).rejects.toThrow('the process that runs it has ended');
});

it('every kind of sink that writes files can read them back', () => {
  const opened = [open(files, { PATH: '/archive' }), open(s3, { BUCKET: 'audit', REGION: 'eu-central-1' })];
  expect(opened.map(isReadable)).toEqual([true, true]);
  expect(opened).toHaveLength(sinks.filter(({ fileForm }) => fileForm).length);
});

it('says how to get DuckDB', () => {
  const missing = () => {
    throw new Error('not found');
  };
  expect(() => requireDuckDb(missing)).toThrow(
    expect.objectContaining({ hint: expect.stringContaining('npm install @duckdb/node-api') }),
  );
  requireDuckDb();
});
