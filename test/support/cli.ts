import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Client, Connection } from '@temporalio/client';
import { inject, onTestFinished } from 'vitest';
import { type DemoAsa, type DemoAsaOptions, startDemoAsa } from '../../demo/asa/server.js';
import { root } from '../../scripts/setup.mjs';
import { endProcess, isAlive } from '../../src/processes.js';
import { type StorePlace, storePlace } from '../../src/stores/place.js';
import { openStore } from '../../src/stores/registry.js';
import { localTemporal } from '../../src/temporal/connection.js';
import { startWorker } from '../../src/worker.js';
import { until } from './collection.js';
import { quietTemporal } from './quiet.js';
import { query, storePlaceOfTest, testStore } from './store.js';

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A part of what `trawl status --json` prints. */
export interface StatusReport {
  worker?: string;
  collectors: {
    recurring: string;
    lastFailure?: string | null;
    lastFailureCode?: string | null;
    problems: { code: string }[];
    notices: { code: string }[];
  }[];
}

/** A running trawl process. */
export class RunningCli {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly ended: Promise<Ended>;

  constructor(args: readonly string[], cwd: string, env: Record<string, string>, project: string, node: string) {
    this.child = spawn(node, [join(project, 'bin', 'trawl'), ...args], {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.ended = new Promise((resolve) => {
      this.child.on('close', (code) => resolve({ code, stdout: this.stdout, stderr: this.stderr }));
    });
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }
}

/** A folder to run trawl in, without any settings; processes left running there end with the test. */
export class Place {
  readonly folder = mkdtempSync(join(tmpdir(), 'trawl-cli-'));
  env: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '',
    TEMPORAL_CLI_PATH: inject('temporalCli'),
  };
  readonly #running: RunningCli[] = [];
  readonly #project: string;
  readonly #node: string;

  /**
   * @param project the checkout or the installed package whose `bin/trawl` is run.
   * @param node the Node.js that runs it.
   */
  constructor(project = root, node = process.execPath) {
    this.#project = project;
    this.#node = node;
    onTestFinished(async () => {
      for (const { child } of this.#running) if (child.exitCode === null && child.pid) await endProcess(child.pid);
      for (const data of ['data', join('data', 'demo')]) {
        const pid = this.serverPid(data);
        if (pid !== undefined && isAlive(pid)) await endProcess(pid);
      }
      rmSync(this.folder, { recursive: true, force: true });
    });
  }

  /** A place with the settings of a demo team. */
  static async withDemo(
    options: DemoAsaOptions = {},
    settings: Record<string, string> = {},
    project = root,
    node = process.execPath,
  ): Promise<{ place: Place; demo: DemoAsa }> {
    const demo = await startDemoAsa(options);
    onTestFinished(() => demo.close());
    const store = testStore === 'postgres' ? { TRAWL_STORE: (await storePlaceOfTest()).text } : {};
    const place = new Place(project, node);
    Object.assign(place.env, {
      ...store,
      ASA_TEAM: demo.team,
      ASA_KEY_ID: demo.keyId,
      ASA_KEY_SECRET: demo.keySecret,
      ASA_BASE_URL: demo.baseUrl,
      ...settings,
    });
    place.#useOwnPorts();
    return { place, demo };
  }

  /**
   * Makes trawl believe that it has run on these ports before. If all tests took the next free port, a server that
   * one test kills could find its port taken by another test when it starts again. The ports must also be below those
   * that the system assigns to connections (32768 and up), since any connection, even an attempt while the server is
   * down, could take one of those.
   */
  #useOwnPorts(): void {
    const port = 19_000 + Math.floor(Math.random() * 2_000) * 3;
    mkdirSync(join(this.folder, 'data'), { recursive: true });
    const before = { pid: 0, verb: 'up', address: `127.0.0.1:${port}`, uiUrl: `http://127.0.0.1:${port + 1}` };
    writeFileSync(join(this.folder, 'data', 'instance.json'), JSON.stringify(before));
  }

  start(...args: string[]): RunningCli {
    const running = new RunningCli(args, this.folder, this.env, this.#project, this.#node);
    this.#running.push(running);
    return running;
  }

  run(...args: string[]): Promise<Ended> {
    return this.start(...args).ended;
  }

  /** Starts `trawl up` and waits until it reports that everything runs. */
  async up(...args: string[]): Promise<RunningCli> {
    const running = this.start('up', ...args);
    await until(
      'trawl up says that it runs',
      () => running.stdout.includes('Ctrl-C stops all of it') || running.child.exitCode !== null,
    );
    return running;
  }

  serverPid(data = 'data'): number | undefined {
    try {
      return Number.parseInt(readFileSync(join(this.folder, data, 'temporal.pid'), 'utf8'), 10);
    } catch {
      return undefined;
    }
  }

  /**
   * Collects what there is, by a worker of the tests' process: for a test whose subject is what comes after.
   * `trawl collect` would start a Temporal server as well.
   */
  async collected(collector = 'asa'): Promise<void> {
    quietTemporal();
    await this.#collect(collector);
    await releaseClosedFiles();
  }

  async #collect(collector: string): Promise<void> {
    const store = await openStore(this.#store());
    try {
      const taskQueue = `test-${randomUUID()}`;
      const temporal = localTemporal(inject('temporalAddress'));
      const worker = await startWorker({ temporal, store, env: this.env, taskQueue });
      const connection = await Connection.connect({ address: inject('temporalAddress') });
      try {
        await new Client({ connection }).workflow.execute('recurringAuditCollection', {
          ...{ taskQueue, workflowId: taskQueue, args: [{ collector }] },
        });
      } finally {
        await connection.close();
        await worker.stop();
      }
    } finally {
      await store.close();
    }
  }

  #store(): StorePlace {
    return storePlace(this.env.TRAWL_STORE ?? 'sqlite:data/trawl.db', this.folder, 4)!;
  }

  /** Number of events in the store; 0 while there is none. For waiting: it starts no process. */
  async stored(collector = 'asa'): Promise<number> {
    const sql = `SELECT COUNT(*) AS n FROM audit_events WHERE collector = '${collector}'`;
    const [row] = await query<{ n: number | string }>(this.#store(), sql).catch(() => []);
    return Number(row?.n ?? 0);
  }

  /** Notes of the execution log, oldest first; none while there is no store. For waiting: it starts no process. */
  async notes(): Promise<string[]> {
    const rows = query<{ notes: string }>(this.#store(), 'SELECT notes FROM execution_log ORDER BY line');
    return (await rows.catch(() => [])).map(({ notes }) => notes);
  }

  /** Starts `trawl status --watch`, and returns the newest report. For waiting: one process looks again and again. */
  watchedStatus(): () => StatusReport {
    const watching = this.start('status', '--watch', '1s', '--json');
    return () => {
      const newest = watching.stdout.slice(0, watching.stdout.lastIndexOf('\n')).split('\n').at(-1);
      return newest ? JSON.parse(newest) : { collectors: [] };
    };
  }

  /** The exported events, as JSON lines. */
  async exported(collector = 'asa'): Promise<string[]> {
    const { stdout } = await this.run('events', collector, '--format', 'ndjson');
    return stdout.split('\n').filter(Boolean);
  }
}

/** A closed SQLite connection keeps its file open as long as one of its statements is not collected. */
async function releaseClosedFiles(): Promise<void> {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  await setImmediate();
}

/** The expected export of a demo team: id, timestamp and raw event of each line, in the source's own bytes. */
export function truthOf(demo: DemoAsa): string[] {
  return [...demo.truth()].map(({ id, timestamp, details }) => `${id} ${timestamp} ${details}`);
}

/** Id, timestamp and raw event of an exported line. */
export function essence(line: string): string {
  const { id, timestamp } = JSON.parse(line) as { id: string; timestamp: string };
  const raw = line.slice(line.indexOf(',"raw_event":') + ',"raw_event":'.length, line.lastIndexOf(',"collected_at":'));
  return `${id} ${timestamp} ${raw}`;
}
