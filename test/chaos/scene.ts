import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { type DemoAsa, startDemoAsa } from '../../demo/asa/server.js';
import { type DemoDescope, startDemoDescope } from '../../demo/descope/server.js';
import { type DemoSkyflow, startDemoSkyflow } from '../../demo/skyflow/server.js';
import { root } from '../../scripts/setup.mjs';
import { startRecurring } from '../../src/temporal/collection.js';
import { type DevServer, startDevServer } from '../../src/temporal/dev-server.js';
import { recurringId } from '../../src/temporal/names.js';
import { until } from '../support/collection.js';
import { Disk } from './disk.js';

export const collectors = ['asa', 'descope', 'skyflow'] as const;
export type Collector = (typeof collectors)[number];

export interface SceneOptions {
  /** Path of the temporal command. */
  cli: string;
  seed: number;
  /** The Temporal server's port; the next free one if it is taken. */
  port: number;
  tell: (line: string) => void;
}

/** The worker writes this much before older output is forgotten. */
const outputMax = 200_000;

/**
 * The things that a campaign disturbs: a Temporal server, the three demo servers, a worker process with its store, and
 * a recurring collection of each source, every two seconds.
 */
export class Scene {
  readonly demos: { asa: DemoAsa; descope: DemoDescope; skyflow: DemoSkyflow };
  readonly server: DevServer;
  readonly client: Client;
  readonly disk: Disk;
  /** Times of the server's recent kills; epoch ms. */
  #serverKills: number[] = [];
  readonly storePath: string;
  /** Recent standard error output of the workers. */
  output = '';
  readonly #env: Record<string, string>;
  readonly #tell: (line: string) => void;
  #worker: ChildProcess | undefined;
  #wanted = true;
  /** True once the worker has reported that it runs. Before that, a signal ends it without draining. */
  #ready = false;

  private constructor(
    { tell }: SceneOptions,
    demos: Scene['demos'],
    server: DevServer,
    client: Client,
    disk: Disk,
    env: Record<string, string>,
  ) {
    this.demos = demos;
    this.server = server;
    this.client = client;
    this.disk = disk;
    this.storePath = join(disk.folder, 'trawl.db');
    this.#env = env;
    this.#tell = tell;
  }

  static async start(options: SceneOptions): Promise<Scene> {
    const { cli, seed, port, tell } = options;
    const folder = mkdtempSync(join(tmpdir(), 'trawl-chaos-'));
    const dataDir = join(folder, 'temporal');
    mkdirSync(dataDir);
    const server = await startDevServer({ cli, dataDir, port, uiPort: port + 1_000, ui: false, tell });
    const demos = {
      asa: await startDemoAsa({ seed, events: 3_000, latencyMs: 5 }),
      descope: await startDemoDescope({
        seed,
        events: 1_500,
        rateLimit: { requests: 100_000, periodMs: 1_000 },
        idlessShare: 0.3,
      }),
      skyflow: await startDemoSkyflow({ seed, events: 1_500, tokenLifetimeMs: 20_000 }),
    };
    const disk = Disk.make(join(folder, 'store'));
    const credentials = JSON.stringify(demos.skyflow.credentials());
    const env = {
      PATH: process.env.PATH ?? '',
      HOME: process.env.HOME ?? '',
      TEMPORAL_ADDRESS: server.address,
      TRAWL_DATA: join(folder, 'data'),
      TRAWL_STORE: `sqlite:${join(disk.folder, 'trawl.db')}`,
      SEARCH_COUNT: '100',
      ASA_TEAM: demos.asa.team,
      ASA_KEY_ID: demos.asa.keyId,
      ASA_KEY_SECRET: demos.asa.keySecret,
      ASA_BASE_URL: demos.asa.baseUrl,
      DESCOPE_PROJECT_ID: demos.descope.projectId,
      DESCOPE_MANAGEMENT_KEY: demos.descope.managementKey,
      DESCOPE_BASE_URL: demos.descope.baseUrl,
      SKYFLOW_ACCOUNT_ID: demos.skyflow.accountId,
      SKYFLOW_VAULT_URL: demos.skyflow.vaultUrl,
      SKYFLOW_CREDENTIALS: credentials,
    };
    const client = new Client({ connection: await Connection.connect({ address: server.address }) });
    const scene = new Scene(options, demos, server, client, disk, env);
    scene.startWorker();
    for (const collector of collectors) await startRecurring(client, collector, { cron: '@every 2s' });
    return scene;
  }

  async stop(): Promise<void> {
    await this.killWorker('SIGKILL');
    await this.client.connection.close();
    await this.server.stop();
    for (const demo of Object.values(this.demos)) await demo.close();
    this.disk.remove();
    rmSync(join(this.disk.folder, '..'), { recursive: true, force: true });
  }

  /** Restarts a worker that ends unasked, as a supervisor would. */
  startWorker(): void {
    this.#wanted = true;
    const child = spawn(process.execPath, [join(root, 'test', 'chaos', 'worker.mjs')], {
      cwd: join(this.disk.folder, '..'),
      env: this.#env,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#worker = child;
    this.#ready = false;
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      if (this.#worker === child && text.includes('A worker runs for')) this.#ready = true;
      this.output = (this.output + text).slice(-outputMax);
    });
    child.on('exit', (code, signal) => {
      if (this.#worker !== child || !this.#wanted) return;
      this.#tell(`the worker has ended (${signal ?? code}); starting it again`);
      setTimeout(() => {
        if (this.#worker === child && this.#wanted) this.startWorker();
      }, 500);
    });
  }

  /** @returns the exit code; null if the signal ended it, or if it was not running. */
  async killWorker(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    this.#wanted = false;
    const child = this.#worker;
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
    child.kill(signal);
    return ended;
  }

  /** @throws Error if a running worker does not drain and exit with 0. */
  async drainWorker(): Promise<void> {
    const running = this.#ready && this.#worker?.exitCode === null && this.#worker.signalCode === null;
    const code = await this.killWorker('SIGTERM');
    if (running && code !== 0) throw new Error(`A worker that got a signal to end exited with ${code}`);
  }

  /** Kills the server, which restarts; not if it has died so often lately that the restarts would stop. */
  async killServer(): Promise<void> {
    const pid = this.server.pid();
    const now = Date.now();
    this.#serverKills = this.#serverKills.filter((at) => at > now - 70_000);
    if (pid === undefined || this.#serverKills.length >= 4) return;
    this.#serverKills.push(now);
    process.kill(pid, 'SIGKILL');
    await until('another server runs', () => this.server.pid() !== pid, 60_000);
  }

  moveClock(aheadMs: number): void {
    if (this.#worker?.connected) this.#worker.send({ aheadMs }, () => undefined);
  }

  async signal(collector: Collector, name: 'resetCheckpoint' | 'clearEvents'): Promise<void> {
    await this.client.workflow.getHandle(recurringId(collector)).signal(name);
  }
}
