import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '../scripts/setup.mjs';
import { DatabaseSync } from '../src/sqlite-driver.js';
import { temporalCli } from '../src/temporal/cli-binary.js';
import { startDevServer } from '../src/temporal/dev-server.js';
import type { Measured } from './figures.js';
import { ended, withDemo } from './processes.js';
import type { Sizes } from './sizes.js';
import { closing } from './stores.js';

const startMaxMs = 120_000;
/** Enough to fill the first page. */
const events = 5_000;

/**
 * Measures how long Trawl takes to start, with its store in SQLite: from `trawl up` in an empty folder to the first
 * event stored, and from `trawl collect` to its end when nothing is new. The baselines are what Trawl itself waits
 * for: Node.js and Temporal's dev server.
 */
export function start({ runs }: Sizes): Promise<Measured> {
  return withDemo({ events, latencyMs: 0 }, async (env) => {
    const cli = await temporalCli(process.env, (line) => console.error(line));
    const node: number[] = [];
    const server: number[] = [];
    const up: number[] = [];
    const joining: number[] = [];
    const collect: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      node.push(await timed(() => ended0(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }))));
      server.push(await serverReady(cli));
      await closing(async (all) => {
        const folder = mkdtempSync(join(tmpdir(), 'trawl-bench-start-'));
        all.later(() => rmSync(folder, { recursive: true, force: true }));
        const log = join(folder, 'trawl.log');
        const trawl = (...args: string[]) =>
          spawn(process.execPath, [join(root, 'bin', 'trawl'), ...args], {
            cwd: folder,
            env: { ...process.env, ...env, TRAWL_LISTEN: 'off', TRAWL_LOG_LEVEL: 'warn', TEMPORAL_CLI_PATH: cli },
            stdio: ['ignore', 'ignore', openSync(log, 'a')],
          });
        const startedAt = performance.now();
        const running = trawl('up');
        all.later(() => ended(running));
        await untilStored(join(folder, 'data', 'trawl.db'), running, log);
        up.push(performance.now() - startedAt);
        // Until everything is collected.
        await ended0(trawl('collect', 'asa'));
        joining.push(await timed(() => ended0(trawl('collect', 'asa'))));
        await ended(running);
        collect.push(await timed(() => ended0(trawl('collect', 'asa'))));
      });
    }
    const unit = 'ms';
    const toServer = { name: 'Temporal server ready', values: server };
    return {
      figures: [
        { name: 'Node.js starts and ends', unit, values: node },
        { name: 'Temporal server ready', unit, values: server },
        { name: 'trawl up to the first event stored', unit, values: up, to: toServer },
        { name: 'trawl collect to its end, with its own server', unit, values: collect, to: toServer },
        {
          name: 'trawl collect to its end, next to trawl up',
          unit,
          values: joining,
          to: { name: 'Node.js starts and ends', values: node },
        },
      ],
    };
  });
}

async function timed(body: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await body();
  return performance.now() - startedAt;
}

/** Waits until the process exits with 0. */
async function ended0(child: ChildProcess): Promise<void> {
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`${child.spawnargs.join(' ')} ended with ${code}.`);
}

/** Starts the server as `trawl up` does, in an empty folder. */
async function serverReady(cli: string): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-bench-start-'));
  const startedAt = performance.now();
  const tell = (line: string) => console.error(line);
  const server = await startDevServer({ cli, dataDir: folder, port: 27_233, uiPort: 28_233, ui: true, tell });
  const took = performance.now() - startedAt;
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
  return took;
}

async function untilStored(path: string, trawl: ChildProcess, log: string): Promise<void> {
  let db: InstanceType<typeof DatabaseSync> | undefined;
  try {
    for (const until = Date.now() + startMaxMs; ; await sleep(5)) {
      if (trawl.exitCode !== null || Date.now() > until)
        throw new Error(`trawl up has stored nothing:\n${readFileSync(log, 'utf8')}`);
      if (!existsSync(path)) continue;
      try {
        db ??= new DatabaseSync(path, { readOnly: true, timeout: 1_000 });
        if (db.prepare('SELECT 1 FROM audit_events LIMIT 1').get()) return;
      } catch {
        // The worker is still creating its tables.
      }
    }
  } finally {
    db?.close();
  }
}
