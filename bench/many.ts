import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import pg from 'pg';
import { root } from '../scripts/setup.mjs';
import { storePlace } from '../src/stores/place.js';
import { openStore } from '../src/stores/registry.js';
import { temporalCli } from '../src/temporal/cli-binary.js';
import { startNow } from '../src/temporal/collection.js';
import { connect } from '../src/temporal/connect.js';
import { localTemporal } from '../src/temporal/connection.js';
import { startDevServer } from '../src/temporal/dev-server.js';
import { recurringId } from '../src/temporal/names.js';
import { hasWorker } from '../src/temporal/workers.js';
import { createDatabase, startPostgres } from '../test/support/postgres.js';
import { startTeams } from './demo-teams.js';
import { type Figure, type Measured, quantile, whole } from './figures.js';
import { cpuMs, ended, peakBytes } from './processes.js';
import { costOfRun } from './temporal-cost.js';

const collectors = Number(process.env.BENCH_COLLECTORS ?? 1_000);
const intervals = Number(process.env.BENCH_INTERVALS ?? 5);
const intervalMs = Number(process.env.BENCH_INTERVAL_MINUTES ?? 5) * 60_000;
/** Number of collectors that find a new event at each run. */
const busy = Number(process.env.BENCH_BUSY ?? 0);
/** Events of one more collector that begins a long catch-up when the measured time begins; 0: no such collector. */
const catchUp = Number(process.env.BENCH_CATCH_UP ?? 0);
const firstEvents = 50;
const aloneRuns = 20;
const secret = 'TRAWL_SECRET_BENCH';

/**
 * Runs many collectors by Schedules on one worker, PostgreSQL and a Temporal server, all on this machine. Measures
 * whether every run ends within its interval, and the cost of a run that finds nothing new.
 */
export async function many(): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-bench-'));
  const closing: (() => Promise<unknown>)[] = [async () => rmSync(folder, { recursive: true, force: true })];
  try {
    const postgres = await startPostgres({ fsync: 'on' });
    closing.unshift(() => postgres.remove());
    const database = await createDatabase(postgres.url);
    const tell = (line: string) => console.error(line);
    const cli = await temporalCli(process.env, tell);
    const server = await startDevServer({ cli, dataDir: folder, port: 27_233, uiPort: 28_233, ui: false, tell });
    closing.unshift(() => server.stop());
    const { teams, requests, demo } = await startTeams({ count: collectors, events: firstEvents, busy });
    closing.unshift(async () => demo.disconnect());
    const place = storePlace(database.url, folder, 4)!;
    const store = await openStore(place);
    closing.unshift(() => store.close());
    const names = teams.map((_, number) => `team-${String(number + 1).padStart(4, '0')}`);
    for (const [number, team] of teams.entries()) {
      const settings = { source: 'asa', asaTeam: team.team, asaKeyId: team.keyId, asaBaseUrl: team.baseUrl };
      await store.setSettings(names[number]!, { ...settings, asaKeySecretEnv: secret }, []);
    }
    const env = {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      TEMPORAL_ADDRESS: server.address,
      TRAWL_STORE: database.url,
      TRAWL_LISTEN: 'off',
      TRAWL_LOG_LEVEL: 'warn',
      [secret]: teams[0]!.keySecret,
      TRAWL_SECRET_HOSTS: 'http://127.0.0.1',
      ...settingsOf('TRAWL_WORKER_'),
      ...settingsOf('TRAWL_STORE_POOL'),
    };
    const trawl = (...args: string[]) =>
      spawn(process.execPath, [join(root, 'bin', 'trawl'), ...args], {
        cwd: folder,
        env,
        stdio: ['ignore', 'ignore', openSync(join(folder, 'trawl.log'), 'a')],
      });
    const client = await connect(localTemporal(server.address));
    closing.unshift(() => client.connection.close());
    const worker = trawl('worker');
    closing.unshift(() => ended(worker));

    while (!(await hasWorker(client))) await sleep(100);
    const alone = await runsAlone(client, names[0]!, worker);
    const minutes = intervalMs / 60_000;
    const jitterMs = Math.floor(intervalMs * 0.8);
    let at = performance.now();
    tell(`Starting ${names.length} Schedules …`);
    const started = trawl(
      'start',
      ...names,
      '--schedule',
      '--cron',
      `*/${minutes} * * * *`,
      '--jitter',
      `${jitterMs / 1_000}s`,
    );
    const [code] = (await once(started, 'exit')) as [number];
    if (code !== 0) throw new Error(`trawl start ended with ${code}.`);
    const startMs = performance.now() - at;
    at = performance.now();
    tell('Waiting until each has collected once …');
    const db = new pg.Client({ connectionString: database.url });
    await db.connect();
    closing.unshift(() => db.end());
    while ((await caughtUp(db)) < names.length) await sleep(1_000);
    tell(`All have after ${Math.round((performance.now() - at) / 1_000)} s.`);

    await sleep(intervalMs - (Date.now() % intervalMs));
    if (catchUp > 0) await beginCatchUp();
    const begunMs = Date.now();
    const counted = [await counters()];
    while (counted.length <= intervals) {
      const to = new Date(begunMs + counted.length * intervalMs);
      tell(`Measuring until ${to.toISOString()} …`);
      await sleep(to.getTime() - Date.now());
      counted.push(await counters());
    }
    // The last runs that were due may still be under way.
    await untilIdle(client);
    const runs: Run[][] = [];
    for (let interval = 0; interval < intervals; interval += 1) {
      const from = new Date(begunMs + interval * intervalMs);
      runs.push(await runsWithin(client, { from, to: new Date(from.getTime() + intervalMs) }));
    }
    const some = runs.flat().find(({ status }) => status === 'COMPLETED')!;
    const cost = await costOfRun(client, some.workflowId, some.runId);
    const perRun = (of: (counters: Counters) => number) =>
      runs.map(({ length }, interval) => (of(counted[interval + 1]!) - of(counted[interval]!)) / length);
    const took = (share: number) => runs.map((of) => quantile(of.map(tookMs), share));
    const count = (name: string, values: number[]): Figure => ({ name, unit: 'an interval', values, exact: true });
    const ofOne = (name: string, value: number): Figure => ({ name, unit: 'a run', values: [value], exact: true });
    const aRun = (name: string, of: (counters: Counters) => number, unit = 'a run', to?: Figure['to']): Figure => ({
      ...{ name, unit, to },
      values: perRun(of),
    });
    const toAlone = { name: 'of one collector alone', values: alone.tookMs };
    const toAloneCpu = { name: 'of one collector alone', values: alone.cpuMs };
    return {
      figures: [
        { name: `making ${whole(names.length)} Schedules`, unit: 's', values: [startMs / 1_000] },
        count('runs due', [names.length]),
        count('runs that succeeded', runs.map(endedWell)),
        count('runs skipped, total', [await skippedRuns(client, names)]),
        { name: 'a run of one collector alone', unit: 'ms', values: alone.tookMs },
        { name: 'a run, median', unit: 'ms', values: took(0.5), to: toAlone },
        { name: 'a run, 99 of 100', unit: 'ms', values: took(0.99), to: toAlone },
        { name: 'a run, the longest', unit: 'ms', values: took(1), to: toAlone },
        aRun('requests', (of) => of.audits),
        aRun('token requests', (of) => of.tokens),
        ofOne('Temporal actions, without those of the Schedule', cost.actions),
        ofOne('events of history', cost.historyEvents),
        ofOne('bytes of history', cost.historyBytes),
        aRun('transactions', (of) => of.transactions),
        aRun('rows inserted', (of) => of.inserted),
        aRun('rows updated', (of) => of.updated),
        aRun('bytes of write-ahead log', (of) => of.wal),
        { name: 'CPU of the worker, one collector alone', unit: 'ms a run', values: alone.cpuMs },
        aRun('CPU of the worker', (of) => of.cpu.worker, 'ms a run', toAloneCpu),
        aRun('CPU of PostgreSQL', (of) => of.cpu.postgres, 'ms a run'),
        aRun('CPU of the Temporal server', (of) => of.cpu.temporal, 'ms a run'),
        { name: 'peak of the worker', unit: 'MB', values: [peakBytes(worker.pid!) / 1_048_576] },
      ],
    };

    async function counters(): Promise<Counters> {
      await sleep(1_100); // PostgreSQL's statistics are at most a second old.
      const { rows } = await db.query<Record<string, string>>(`SELECT
        (SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()) AS transactions,
        (SELECT sum(n_tup_ins) FROM pg_stat_user_tables) AS inserted,
        (SELECT sum(n_tup_upd) FROM pg_stat_user_tables) AS updated,
        pg_current_wal_lsn() - '0/0'::pg_lsn AS wal`);
      const [row] = rows;
      return {
        transactions: Number(row!.transactions),
        inserted: Number(row!.inserted),
        updated: Number(row!.updated),
        wal: Number(row!.wal),
        ...(await requests()),
        cpu: { worker: cpuMs(worker.pid!), postgres: cpuMs(postgres.pid()!), temporal: cpuMs(server.pid()!) },
      };
    }

    async function beginCatchUp(): Promise<void> {
      const long = await startTeams({ count: 1, events: catchUp });
      closing.unshift(async () => long.demo.disconnect());
      const { team, keyId, baseUrl } = long.teams[0]!;
      await store.setSettings(
        'long',
        { source: 'asa', asaTeam: team, asaKeyId: keyId, asaBaseUrl: baseUrl, asaKeySecretEnv: secret },
        [],
      );
      const starting = trawl('start', 'long', '--schedule', '--cron', '* * * * *', '--jitter', '0s');
      await once(starting, 'exit');
    }
  } finally {
    for (const close of closing) await close();
  }
}

function settingsOf(prefix: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[0].startsWith(prefix)),
  );
}

async function caughtUp(db: pg.Client): Promise<number> {
  const { rows } = await db.query('SELECT count(caught_up_at) AS count FROM audit_checkpoints');
  return Number(rows[0].count);
}

interface Run {
  workflowId: string;
  runId: string;
  status: string;
  tookMs: number;
}

const tookMs = (run: Run) => run.tookMs;
const endedWell = (runs: readonly Run[]) => runs.filter(({ status }) => status === 'COMPLETED').length;

/** The runs of M10 that began in this period, from their beginning (which waits for a worker) to their end. */
async function runsWithin(client: Client, { from, to }: { from: Date; to: Date }): Promise<Run[]> {
  const runs: Run[] = [];
  const query = `WorkflowType = "recurringAuditCollection" AND StartTime >= "${from.toISOString()}" AND StartTime < "${to.toISOString()}"`;
  for await (const { workflowId, runId, status, startTime, closeTime } of client.workflow.list({ query })) {
    if (workflowId.startsWith(recurringId('long'))) continue;
    runs.push({
      workflowId,
      runId,
      status: status.name,
      tookMs: (closeTime ?? new Date()).getTime() - startTime.getTime(),
    });
  }
  return runs;
}

async function untilIdle(client: Client): Promise<void> {
  const query = 'WorkflowType = "recurringAuditCollection" AND ExecutionStatus = "Running"';
  for (;;) {
    let running = 0;
    for await (const { workflowId } of client.workflow.list({ query }))
      if (!workflowId.startsWith(recurringId('long'))) running += 1;
    if (running === 0) return;
    await sleep(1_000);
  }
}

/** Counts runs that were due while the previous one was still under way, or that did not begin in time. */
async function skippedRuns(client: Client, names: readonly string[]): Promise<number> {
  let skipped = 0;
  for (const name of names) {
    const { info } = await client.schedule.getHandle(recurringId(name)).describe();
    skipped += info.numActionsSkippedOverlap + info.numActionsMissedCatchupWindow;
  }
  return skipped;
}

/** Runs that find nothing new while no other collector runs. */
async function runsAlone(client: Client, name: string, worker: ChildProcess): Promise<Alone> {
  const tookMs: number[] = [];
  const cpu: number[] = [];
  // The first runs collect everything, and create what later ones reuse.
  for (let run = -aloneRuns; run < aloneRuns; run += 1) {
    const before = cpuMs(worker.pid!);
    const handle = await startNow(client, name);
    await handle.result();
    const { startTime, closeTime } = await handle.describe();
    if (run < 0) continue;
    tookMs.push(closeTime!.getTime() - startTime.getTime());
    cpu.push(cpuMs(worker.pid!) - before);
  }
  return { tookMs, cpuMs: cpu };
}

interface Alone {
  tookMs: number[];
  cpuMs: number[];
}

/** Counters since the start of each process. */
interface Counters {
  audits: number;
  tokens: number;
  transactions: number;
  inserted: number;
  updated: number;
  wal: number;
  cpu: { worker: number; postgres: number; temporal: number };
}
