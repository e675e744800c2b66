import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { root } from '../scripts/setup.mjs';
import { temporalCli } from '../src/temporal/cli-binary.js';
import { startNow } from '../src/temporal/collection.js';
import { connect } from '../src/temporal/connect.js';
import { localTemporal } from '../src/temporal/connection.js';
import { type DevServer, startDevServer } from '../src/temporal/dev-server.js';
import { hasWorker } from '../src/temporal/workers.js';
import type { Progress } from '../workflows/messages.js';
import { ended } from './processes.js';
import { type BenchStore, Closing } from './stores.js';

const workerStartMaxMs = 60_000;

/** Counts of a worker's database drivers; see worker-counts.mjs. */
export interface DriverCounts {
  transactions: number;
  statements: number;
  rowsRead: number;
  rowsWritten: number;
  /** Rows of event tables, read or written. */
  eventRows: number;
}

/** A Temporal dev server and `trawl worker`, in separate processes, on one store. */
export interface Bed {
  client: Client;
  server: DevServer;
  worker: ChildProcess;
  /** Runs M10 once, to its end. Default collector: `asa`. */
  collect(collector?: string): Promise<{ progress: Progress; workflowId: string; runId: string }>;
  /** Available only with the option `counts`. */
  counts(): Promise<DriverCounts>;
  /** Ends both; the store stays. */
  close(): Promise<void>;
}

export interface BedOptions {
  store: BenchStore;
  /** Settings of collectors. */
  env: Readonly<Record<string, string>>;
  counts?: boolean;
}

export async function startBed({ store, env, counts = false }: BedOptions): Promise<Bed> {
  const closing = new Closing();
  try {
    const folder = mkdtempSync(join(tmpdir(), 'trawl-bench-bed-'));
    closing.later(() => rmSync(folder, { recursive: true, force: true }));
    const tell = (line: string) => console.error(line);
    const cli = await temporalCli(process.env, tell);
    const server = await startDevServer({ cli, dataDir: folder, port: 27_233, uiPort: 28_233, ui: false, tell });
    closing.later(() => server.stop());
    // For example --cpu-prof --cpu-prof-dir=/tmp/profiles
    const flags = (process.env.BENCH_WORKER_FLAGS ?? '').split(' ').filter(Boolean);
    const hook = counts ? ['--import', join(root, 'bench', 'worker-counts.mjs')] : [];
    const log = join(folder, 'worker.log');
    const worker = spawn(process.execPath, [...flags, ...hook, join(root, 'bin', 'trawl'), 'worker'], {
      cwd: folder,
      env: {
        ...process.env,
        ...env,
        TEMPORAL_ADDRESS: server.address,
        TRAWL_STORE: store.text,
        TRAWL_LISTEN: 'off',
        TRAWL_LOG_LEVEL: 'warn',
      },
      stdio: ['ignore', 'ignore', openSync(log, 'a'), ...(counts ? ['ipc' as const] : [])],
    });
    closing.later(() => ended(worker));
    const client = await connect(localTemporal(server.address));
    closing.later(() => client.connection.close());
    for (const until = Date.now() + workerStartMaxMs; !(await hasWorker(client)); await sleep(100)) {
      if (worker.exitCode !== null || Date.now() > until)
        throw new Error(`The worker has not started:\n${readFileSync(log, 'utf8')}`);
    }
    return {
      client,
      server,
      worker,
      async collect(collector = 'asa') {
        const handle = await startNow(client, collector);
        const progress = await handle.result();
        return { progress, workflowId: handle.workflowId, runId: handle.firstExecutionRunId };
      },
      async counts() {
        worker.send('counts');
        const [counted] = (await once(worker, 'message')) as [DriverCounts];
        return counted;
      },
      close: () => closing.close(),
    };
  } catch (error) {
    await closing.close();
    throw error;
  }
}
