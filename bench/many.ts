import { spawn } from 'node:child_process';
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
import { connect, localTemporal } from '../src/temporal/connection.js';
import { startDevServer } from '../src/temporal/dev-server.js';
import { recurringId } from '../src/temporal/names.js';
import { createDatabase, startPostgres } from '../test/support/postgres.js';
import { startTeams } from './demo-teams.js';
import { type Measured, quantile, table, whole } from './figures.js';
import { cpuMs, ended, peakBytes } from './processes.js';
import { costOfRun, type TemporalCost } from './temporal-cost.js';

const collectors = Number(process.env.BENCH_COLLECTORS ?? 1_000);
const intervals = Number(process.env.BENCH_INTERVALS ?? 2);
const intervalMs = Number(process.env.BENCH_INTERVAL_MINUTES ?? 5) * 60_000;
/** Collectors that find a new event at each run. */
const busy = Number(process.env.BENCH_BUSY ?? 0);
/** Events of one more collector that begins a long catch-up when the measured time begins; 0: there is none. */
const catchUp = Number(process.env.BENCH_CATCH_UP ?? 0);
const firstEvents = 50;
const secret = 'BENCH_ASA_KEY_SECRET';

/**
 * Many collectors by Schedules on one worker, PostgreSQL and a Temporal server, all on this machine: whether every run
 * ends within its interval, and what a run costs that finds nothing new.
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
    const window = { from: new Date(), to: new Date(Date.now() + intervals * intervalMs) };
    if (catchUp > 0) await beginCatchUp();
    const before = await counters();
    tell(`Measuring until ${window.to.toISOString()} …`);
    await sleep(window.to.getTime() - Date.now());
    const after = await counters();
    // The last ones that were due may still run.
    await untilIdle(client);
    const runs = await runsWithin(client, window);
    const skipped = await skippedRuns(client, names);
    const cost = await costOfIdleRun(client, runs);
    const perRun = (value: number) => value / runs.length;
    const json = {
      collectors: names.length,
      intervalMinutes: minutes,
      intervals,
      busy,
      startSeconds: startMs / 1_000,
      runs: runs.length,
      runsExpected: names.length * intervals,
      skipped,
      failed: runs.filter(({ status }) => status !== 'COMPLETED').length,
      runMs: spread(runs.map(({ tookMs }) => tookMs)),
      perRun: {
        requests: perRun(after.requests.audits - before.requests.audits),
        tokenRequests: perRun(after.requests.tokens - before.requests.tokens),
        ...cost,
        transactions: perRun(after.transactions - before.transactions),
        rowsInserted: perRun(after.inserted - before.inserted),
        rowsUpdated: perRun(after.updated - before.updated),
        walBytes: perRun(after.wal - before.wal),
        workerCpuMs: perRun(after.cpu.worker - before.cpu.worker),
        postgresCpuMs: perRun(after.cpu.postgres - before.cpu.postgres),
        temporalCpuMs: perRun(after.cpu.temporal - before.cpu.temporal),
        demoCpuMs: perRun(after.cpu.demo - before.cpu.demo),
      },
      workerPeakBytes: peakBytes(worker.pid!),
    };
    return { figures: [], json, text: textOf(json) };

    async function counters() {
      await sleep(1_100); // PostgreSQL's statistics are a second old at the most.
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
        requests: await requests(),
        cpu: {
          worker: cpuMs(worker.pid!),
          postgres: cpuMs(postgres.pid()!),
          temporal: cpuMs(server.pid()!),
          demo: cpuMs(demo.pid!),
        },
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

/** The runs of M10 that began in the time, from their beginning (which waits for a worker) to their end. */
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

/** Runs that were due while the one before was still under way, or that nobody began in time. */
async function skippedRuns(client: Client, names: readonly string[]): Promise<number> {
  let skipped = 0;
  for (const name of names) {
    const { info } = await client.schedule.getHandle(recurringId(name)).describe();
    skipped += info.numActionsSkippedOverlap + info.numActionsMissedCatchupWindow;
  }
  return skipped;
}

/** Of one of them. */
async function costOfIdleRun(client: Client, runs: readonly Run[]): Promise<TemporalCost> {
  const run = runs.find(({ status }) => status === 'COMPLETED');
  if (!run) return { actions: Number.NaN, historyEvents: Number.NaN, historyBytes: Number.NaN };
  return costOfRun(client, run.workflowId, run.runId);
}

interface Spread {
  median: number;
  p99: number;
  most: number;
}

function spread(values: readonly number[]): Spread {
  return { median: quantile(values, 0.5), p99: quantile(values, 0.99), most: Math.max(...values) };
}

interface Result {
  collectors: number;
  intervalMinutes: number;
  intervals: number;
  busy: number;
  startSeconds: number;
  runs: number;
  runsExpected: number;
  skipped: number;
  failed: number;
  runMs: Spread;
  perRun: Record<string, number>;
  workerPeakBytes: number;
}

function textOf(result: Result): string {
  const { perRun } = result;
  const per = (name: string, digits = 1) => perRun[name]!.toFixed(digits);
  return [
    `${whole(result.collectors)} collectors, ${result.busy} of them with new events, every ${result.intervalMinutes} minutes, for ${result.intervals} intervals; Schedules made in ${whole(result.startSeconds)} s.`,
    `${whole(result.runs)} runs of ${whole(result.runsExpected)}, ${result.skipped} skipped, ${result.failed} failed; a run took ${whole(result.runMs.median)} ms (median), ${whole(result.runMs.p99)} ms (99 of 100), ${whole(result.runMs.most)} ms (most). Worker: ${whole(result.workerPeakBytes / 1_048_576)} MB at the most.`,
    '',
    table(
      ['a run costs', ''],
      [
        ['requests', per('requests', 2)],
        ['token requests', per('tokenRequests', 2)],
        ['Temporal actions, without those of the Schedule', per('actions', 0)],
        ['events of history', per('historyEvents', 0)],
        ['bytes of history', whole(perRun.historyBytes!)],
        ['transactions', per('transactions')],
        ['rows inserted', per('rowsInserted', 2)],
        ['rows updated', per('rowsUpdated', 2)],
        ['write-ahead log, bytes', whole(perRun.walBytes!)],
        ['CPU of the worker, ms', per('workerCpuMs')],
        ['CPU of PostgreSQL, ms', per('postgresCpuMs')],
        ['CPU of the Temporal server, ms', per('temporalCpuMs')],
      ],
    ),
  ].join('\n');
}
