// npm run bench: a whole collection (API → store, durable) beside a bare walk that fetches and parses the same pages one
// after the other and stores nothing. Both against the demo team in a process of its own; medians of several runs.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, install, requireNode, root } from '../scripts/setup.mjs';

requireNode();
install();
build();
const { HttpClient } = await import('../dist/src/http/client.js');
const { asa } = await import('../dist/src/sources/asa/source.js');
const { resolveCollector } = await import('../dist/src/settings/collector.js');

const runs = Number(process.env.BENCH_RUNS ?? 5);
const events = Number(process.env.BENCH_EVENTS ?? 100_000);
const trawl = join(root, 'bin', 'trawl');

function start(args, options) {
  return spawn(process.execPath, [trawl, ...args], { stdio: ['ignore', 'pipe', 'ignore'], ...options });
}

async function firstLines(child, count) {
  let text = '';
  for await (const part of child.stdout.setEncoding('utf8')) {
    text += part;
    if (text.split('\n').length > count) break;
  }
  return text.trim().split('\n');
}

async function withDemo(latencyMs, body) {
  const demo = start(['demo', '--events', String(events), '--interval', '0', '--latency', String(latencyMs)]);
  const exited = new Promise((resolve) => demo.on('close', resolve));
  const env = Object.fromEntries((await firstLines(demo, 4)).map((line) => line.split(/=(.*)/s).slice(0, 2)));
  try {
    return await body(env);
  } finally {
    demo.kill('SIGTERM');
    await exited;
  }
}

async function bareWalk(env) {
  const http = new HttpClient({}, {});
  const client = asa.open(resolveCollector('asa', [asa], {}, env), http);
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
async function collect(env) {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-bench-'));
  const child = start(['collect', 'asa', '--json'], { cwd: folder, env: { ...process.env, ...env } });
  let text = '';
  for await (const part of child.stdout.setEncoding('utf8')) text += part;
  rmSync(folder, { recursive: true });
  const result = JSON.parse(text);
  if (result.newEvents !== events) throw new Error(`The collection stored ${result.newEvents} events.`);
  return events / result.seconds;
}

const sorted = (values) => [...values].sort((a, b) => a - b);
const median = (values) => sorted(values)[Math.floor(values.length / 2)];
const whole = (value) => Math.round(value).toLocaleString('en');

const rows = [];
for (const latencyMs of [0, 50, 200]) {
  await withDemo(latencyMs, async (env) => {
    const bare = [];
    const collected = [];
    for (let run = 0; run < runs; run += 1) {
      bare.push(await bareWalk(env));
      collected.push(await collect(env));
    }
    rows.push({ latencyMs, bare, collected, ratio: median(collected) / median(bare) });
  });
}
if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ machine: cpus()[0].model, cores: cpus().length, events, runs, rows }, null, 2));
} else {
  console.log(
    `${cpus().length} × ${cpus()[0].model}, Node ${process.version}, ${whole(events)} events, pages of 1,000, median of ${runs} (least to most)\n`,
  );
  console.log('| API latency | bare walk, events/s | collected, events/s | ratio |\n|---|---|---|---|');
  for (const { latencyMs, bare, collected, ratio } of rows) {
    const cell = (values) =>
      `${whole(median(values))} (${whole(sorted(values)[0])} to ${whole(sorted(values).at(-1))})`;
    console.log(`| ${latencyMs} ms | ${cell(bare)} | ${cell(collected)} | ${ratio.toFixed(2)} |`);
  }
}
