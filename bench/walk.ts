import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../scripts/setup.mjs';
import { HttpClient } from '../src/http/client.js';
import { resolveCollector } from '../src/settings/collector.js';
import { AsaClient } from '../src/sources/asa/client.js';
import { asaSettings } from '../src/sources/asa/settings.js';
import { asa } from '../src/sources/asa/source.js';
import { createDatabase, startPostgres } from '../test/support/postgres.js';
import { cell, median, table, whole } from './figures.js';
import type { Measured } from './main.js';
import { withDemo } from './processes.js';

const runs = Number(process.env.BENCH_RUNS ?? 5);
const events = Number(process.env.BENCH_EVENTS ?? 100_000);

/**
 * A whole collection (API → store, durable) beside a bare walk that fetches and parses the same pages one after the
 * other and stores nothing. Both against the demo team in a process of its own.
 */
export async function walk(): Promise<Measured> {
  const postgres = await startPostgres({ fsync: 'on' });
  const rows: { latencyMs: number; bare: number[]; sqlite: number[]; postgres: number[] }[] = [];
  try {
    for (const latencyMs of [0, 50, 200]) {
      await withDemo({ events, latencyMs }, async (env) => {
        const row = { latencyMs, bare: [] as number[], sqlite: [] as number[], postgres: [] as number[] };
        for (let run = 0; run < runs; run += 1) {
          row.bare.push(await bareWalk(env));
          row.sqlite.push(await collect(env));
          const { url, remove } = await createDatabase(postgres.url);
          row.postgres.push(await collect({ ...env, TRAWL_STORE: url }));
          await remove();
        }
        rows.push(row);
      });
    }
  } finally {
    await postgres.remove();
  }
  const against = (values: number[], bare: number[]) => (median(values) / median(bare)).toFixed(2);
  return {
    json: { events, runs, rows },
    text: `A walk of ${whole(events)} events, pages of 1,000; events/s, median of ${runs} (least to most), and ratio to the bare walk.\n\n${table(
      ['API latency', 'bare walk', 'SQLite', 'ratio', 'PostgreSQL', 'ratio'],
      rows.map(({ latencyMs, bare, sqlite, postgres: pg }) => [
        `${latencyMs} ms`,
        cell(bare),
        cell(sqlite),
        against(sqlite, bare),
        cell(pg),
        against(pg, bare),
      ]),
    )}`,
  };
}

async function bareWalk(env: Record<string, string>): Promise<number> {
  const http = new HttpClient({}, {});
  const client = new AsaClient(http, asaSettings(resolveCollector('asa', [asa], {}, env)), false);
  const startedAt = performance.now();
  let count = 0;
  for (let offset = '', more = true; more; ) {
    const page = await client.fetchPage(offset);
    count += page.content.events.length;
    ({ nextOffset: offset, more } = page);
  }
  await http.close();
  if (count !== events) throw new Error(`The bare walk read ${count} events.`);
  return events / ((performance.now() - startedAt) / 1000);
}

/** As `collect --json` measures it: from the start of the run to its end, without bringing up server and worker. */
async function collect(env: Record<string, string>): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-bench-'));
  const child = spawn(process.execPath, [join(root, 'bin', 'trawl'), 'collect', 'asa', '--json'], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let text = '';
  for await (const part of child.stdout!.setEncoding('utf8')) text += part;
  rmSync(folder, { recursive: true });
  const result = JSON.parse(text) as { newEvents: number; seconds: number };
  if (result.newEvents !== events) throw new Error(`The collection stored ${result.newEvents} events.`);
  return events / result.seconds;
}
