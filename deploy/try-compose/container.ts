import type { ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { appendFileSync, closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { durationMs, type Health, type Service } from './compose.js';
import type { Sandbox } from './sandbox.js';

export interface ContainerOptions {
  name: string;
  sandbox: Sandbox;
  /** Entrypoint and command. */
  command: readonly string[];
  env: Record<string, string>;
  restart: Service['restart'];
  healthcheck: Health | undefined;
  stopSignal: NodeJS.Signals;
  stopGraceMs: number;
  logFile: string;
}

type Condition = Service['depends_on'][string]['condition'];

export interface Outcome {
  code: number | null;
  output: string;
}

/** A service's process, which is restarted, probed and ended as a container engine would. */
export class Container {
  restarts = 0;
  /** `exited` once it is not to be restarted. */
  state: 'created' | 'running' | 'exited' = 'created';
  health: 'none' | 'starting' | 'healthy' | 'unhealthy' = 'none';
  exitCode: number | null = null;
  private process: ChildProcess | undefined;
  private ended: Promise<void> = Promise.resolve();
  private readonly stopping = new AbortController();
  private readonly changes = new EventEmitter().setMaxListeners(0);

  constructor(readonly options: ContainerOptions) {}

  start(): void {
    this.ended = this.runUntilDone();
    if (this.options.healthcheck) void this.probe(this.options.healthcheck);
  }

  /** Resolves when another service that depends on this one may start. Throws if that cannot happen any more. */
  async reaches(condition: Condition): Promise<void> {
    const { name } = this.options;
    for (;;) {
      if (condition === 'service_started' && this.state !== 'created') return;
      if (condition === 'service_healthy') {
        if (this.health === 'healthy') return;
        if (this.health === 'unhealthy') throw new Error(`${name} is unhealthy\n${this.lastLines()}`);
      }
      if (this.state === 'exited') {
        if (condition === 'service_completed_successfully' && this.exitCode === 0) return;
        throw new Error(`${name} ended with ${this.exitCode}\n${this.lastLines()}`);
      }
      await once(this.changes, 'change');
    }
  }

  /** As `docker compose exec`. */
  async exec(command: readonly string[], maxMs = 120_000): Promise<Outcome> {
    const { sandbox, env } = this.options;
    const child = sandbox.spawn(command, env, ['ignore', 'pipe', 'pipe']);
    const chunks: string[] = [];
    for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk) => chunks.push(String(chunk)));
    const timer = setTimeout(() => child.kill('SIGKILL'), maxMs);
    const [code] = await once(child, 'close');
    clearTimeout(timer);
    return { code, output: chunks.join('') };
  }

  /** Ends it by its image's signal. @returns what ended it */
  async stop(): Promise<string> {
    this.stopping.abort();
    const { process: child, state, exitCode } = this;
    if (!child || state !== 'running') return state === 'created' ? 'not started' : `had exited with ${exitCode}`;
    child.kill(this.options.stopSignal);
    const timer = setTimeout(() => child.kill('SIGKILL'), this.options.stopGraceMs);
    await this.ended;
    clearTimeout(timer);
    return child.signalCode ?? `exit ${child.exitCode}`;
  }

  lastLines(): string {
    const lines = readFileSync(this.options.logFile, 'utf8').trimEnd().split('\n');
    return lines
      .slice(-15)
      .map((line) => `  ${this.options.name} | ${line.slice(0, 300)}`)
      .join('\n');
  }

  private async runUntilDone(): Promise<void> {
    const { restart } = this.options;
    const restartsMax = restart === 'unless-stopped' ? Number.POSITIVE_INFINITY : Number(restart.split(':')[1]);
    for (let delayMs = 100; ; delayMs = Math.min(2 * delayMs, 60_000)) {
      await this.runOnce();
      const isDone = restart !== 'unless-stopped' && this.exitCode === 0;
      if (isDone || this.stopping.signal.aborted || this.restarts >= restartsMax) break;
      this.restarts += 1;
      appendFileSync(this.options.logFile, `-- ended with ${this.exitCode}; restart ${this.restarts}\n`);
      await sleep(delayMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
      if (this.stopping.signal.aborted) break;
    }
    this.state = 'exited';
    this.changed();
  }

  private async runOnce(): Promise<void> {
    const { sandbox, command, env, logFile } = this.options;
    const log = openSync(logFile, 'a');
    this.process = sandbox.spawn(command, env, ['ignore', log, log]);
    closeSync(log);
    this.state = 'running';
    this.changed();
    [this.exitCode] = await once(this.process, 'exit');
  }

  /** As a container engine: in the start period it probes more often, and failures do not count. */
  private async probe({ test, interval, timeout, start_period, retries }: Health): Promise<void> {
    const [kind, ...words] = test;
    const command = kind === 'CMD' ? words : ['/bin/sh', '-c', words[0]!];
    const [intervalMs, startMs] = [durationMs(interval), durationMs(start_period)];
    const begunAt = Date.now();
    this.health = 'starting';
    for (let failures = 0; this.state !== 'exited'; ) {
      const isStarting = this.health === 'starting' && Date.now() - begunAt < startMs;
      const waitMs = isStarting ? Math.min(intervalMs, 5_000) : intervalMs;
      await sleep(waitMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
      if (this.stopping.signal.aborted) return;
      const { code } = await this.exec(command, durationMs(timeout));
      if (code === 0) failures = 0;
      else if (!isStarting) failures += 1;
      const before: Container['health'] = this.health;
      if (code === 0) this.health = 'healthy';
      else if (failures >= retries) this.health = 'unhealthy';
      if (this.health !== before) this.changed();
    }
  }

  private changed(): void {
    this.changes.emit('change');
  }
}
