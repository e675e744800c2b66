import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { root } from '../scripts/setup.mjs';
import { DatabaseSync } from '../src/sqlite-driver.js';
import type { StorePlace } from '../src/stores/place.js';
import { openStore } from '../src/stores/registry.js';
import { type Figure, type Measured, median, whole } from './figures.js';
import { Pages } from './fill.js';
import type { Sizes, StoreKind } from './sizes.js';
import { closing, type Stores, storeNames } from './stores.js';

/**
 * Measures `trawl events --format ndjson` into a pipe, compared with a plain read of the same columns of the same
 * rows.
 */
export async function exporting({ runs, stores: kinds, exportEvents }: Sizes, stores: Stores): Promise<Measured> {
  const figures: Figure[] = [];
  for (const kind of kinds) figures.push(...(await exportOf(stores, kind, runs, exportEvents)));
  return { figures };
}

function exportOf(stores: Stores, kind: StoreKind, runs: number, events: number): Promise<Figure[]> {
  return closing(async (all) => {
    const place = await stores.make(kind);
    all.later(() => place.remove());
    const store = await openStore(place.place);
    all.later(() => store.close());
    console.error(`${kind}: filling a store with ${whole(events)} events …`);
    await (await Pages.make(events)).fill(store, events);
    const plain: number[] = [];
    const rates: number[] = [];
    const peaks: number[] = [];
    const small: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      plain.push(await plainRead(place.place, events));
      small.push((await exportOnce(place.text, 1)).peakMb);
      const { rate, peakMb } = await exportOnce(place.text, events);
      rates.push(rate);
      peaks.push(peakMb);
    }
    const name = `${storeNames[kind]}, ${whole(events)} events as NDJSON`;
    const memory = 'MB, peak';
    return [
      { name: `${storeNames[kind]}, plain read`, unit: 'rows/s', values: plain },
      { name, unit: 'rows/s', values: rates, to: { name: 'plain read', values: plain } },
      { name: `${storeNames[kind]}, 1 event as NDJSON`, unit: memory, values: small },
      { name, unit: memory, values: peaks, to: { name: '1 event', values: [median(small)] } },
    ];
  });
}

/** From its start to its end; `wc` reads its output. */
async function exportOnce(storeText: string, limit: number): Promise<{ rate: number; peakMb: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-bench-export-'));
  try {
    const report = join(folder, 'report.json');
    const hook = join(root, 'bench', 'process-report.mjs');
    const args = ['--import', hook, join(root, 'bin', 'trawl'), 'events', 'asa', '--format', 'ndjson', '--limit'];
    const startedAt = performance.now();
    const { stdout } = await promisify(execFile)(
      '/bin/sh',
      ['-c', '"$@" | wc -l', 'sh', process.execPath, ...args, String(limit)],
      { cwd: folder, env: { ...process.env, TRAWL_STORE: storeText, BENCH_REPORT: report } },
    );
    const seconds = (performance.now() - startedAt) / 1_000;
    if (Number(stdout) !== limit) throw new Error(`The export has ${stdout.trim()} lines.`);
    const { peakBytes } = JSON.parse(readFileSync(report, 'utf8')) as { peakBytes: number };
    return { rate: limit / seconds, peakMb: peakBytes / 1_048_576 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const columns = `collector, seq, id, timestamp, type, actor, "user", client, gateway, "group", project, hostname, server,
  from_addr, raw_event, extra, collected_at`;

/** rows/s of one statement that returns every row in order. */
async function plainRead(place: StorePlace, events: number): Promise<number> {
  const startedAt = performance.now();
  const count = place.kind === 'sqlite' ? readSqlite(place.path) : await readPostgres(place.url);
  if (count !== events) throw new Error(`The store has ${count} rows.`);
  return events / ((performance.now() - startedAt) / 1_000);
}

const select = `SELECT ${columns} FROM audit_events WHERE collector = 'asa' ORDER BY seq`;

function readSqlite(path: string): number {
  const db = new DatabaseSync(path, { readOnly: true });
  let count = 0;
  for (const row of db.prepare(select).iterate()) if (row) count += 1;
  db.close();
  return count;
}

async function readPostgres(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`BEGIN; DECLARE plain CURSOR FOR ${select}`);
    for (let count = 0; ; ) {
      const { rows } = await client.query('FETCH 1000 FROM plain');
      if (rows.length === 0) return count;
      count += rows.length;
    }
  } finally {
    await client.end();
  }
}
