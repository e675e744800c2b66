import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../scripts/setup.mjs';
import { HttpClient } from '../src/http/client.js';
import { resolveCollector } from '../src/settings/collector.js';
import { AsaClient } from '../src/sources/asa/client.js';
import { asa } from '../src/sources/asa/source.js';
import { withFastTeam } from './demo-teams.js';
import type { Figure, Measured } from './figures.js';
import type { Sizes } from './sizes.js';
import { type Stores, storeNames } from './stores.js';

/**
 * Compares a whole collection (API → store, durable) with a bare walk that fetches and parses the same pages one
 * after the other and stores nothing. Both read from the demo team in a separate process.
 */
export async function walk({ events, runs, stores: kinds, latenciesMs }: Sizes, stores: Stores): Promise<Measured> {
  const figures: Figure[] = [];
  for (const latencyMs of latenciesMs) {
    await withFastTeam({ events, latencyMs }, async (env) => {
      const bare: number[] = [];
      const collected = kinds.map((kind) => ({ kind, values: [] as number[] }));
      // Warms up the code, here and in the demo team's process.
      await bareWalk(env, events);
      for (let run = 0; run < runs; run += 1) {
        bare.push(await bareWalk(env, events));
        for (const { kind, values } of collected) {
          const store = await stores.make(kind);
          try {
            values.push(await collect({ ...env, TRAWL_STORE: store.text }, events));
          } finally {
            await store.remove();
          }
        }
      }
      const to = { name: `bare walk, ${latencyMs} ms`, values: bare };
      figures.push({ ...to, unit: 'events/s' });
      for (const { kind, values } of collected)
        figures.push({ name: `${storeNames[kind]}, ${latencyMs} ms`, unit: 'events/s', values, to });
    });
  }
  return { figures };
}

async function bareWalk(env: Record<string, string>, events: number): Promise<number> {
  const http = new HttpClient({}, {});
  const client = new AsaClient(http, resolveCollector('asa', [asa], {}, env).values, false);
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

/** As `collect --json` measures it: from the start of the run to its end, without starting server and worker. */
export async function collect(env: Record<string, string>, events: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-bench-'));
  const log = join(folder, 'trawl.log');
  const child = spawn(process.execPath, [join(root, 'bin', 'trawl'), 'collect', 'asa', '--json'], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', openSync(log, 'w')],
  });
  let text = '';
  for await (const part of child.stdout!.setEncoding('utf8')) text += part;
  if (text === '') throw new Error(`trawl collect has failed:\n${readFileSync(log, 'utf8')}`);
  rmSync(folder, { recursive: true });
  const result = JSON.parse(text) as { newEvents: number; seconds: number };
  if (result.newEvents !== events) throw new Error(`The collection stored ${result.newEvents} events.`);
  return events / result.seconds;
}
