import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { TrawlError } from '../errors.js';
import { dynamicConfigArgs } from './dynamic-config.js';
import { freePort } from './ports.js';
import { commandLine, endProcess } from './processes.js';

export interface DevServerOptions {
  cli: string;
  dataDir: string;
  /** The first ports tried; those after it are taken where they are not free. */
  port: number;
  uiPort: number;
  ui: boolean;
  tell: (line: string) => void;
}

export interface DevServer {
  address: string;
  uiUrl: string | undefined;
  pid(): number | undefined;
  /** Rejects when the server keeps dying and is given up. */
  failed: Promise<never>;
  stop(): Promise<void>;
}

const startMaxMs = 60_000;
const logBytesMax = 10 * 1024 * 1024;
/**
 * How long a server that has died stays down before it is started again, by how often it has died within a minute: what
 * makes it die, as a port that somebody has taken meanwhile, may pass. After the last one it is given up.
 */
const restartPausesMs = [0, 250, 500, 1_000, 2_000, 4_000, 8_000];

/**
 * Runs Temporal's dev server with its database in the data folder, and starts it again when it dies.
 *
 * It gets a process group of its own, so that Ctrl-C reaches it only after the worker has drained. One that an earlier
 * process left behind when it was killed is ended first: two servers must not share a database file.
 *
 * @throws TrawlError TEMPORAL_SERVER_FAILED or PORT_TAKEN.
 */
export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
  const dbFile = join(options.dataDir, 'temporal.db');
  const pidFile = join(options.dataDir, 'temporal.pid');
  await endLeftBehind(pidFile, dbFile);
  const port = await freePort(options.port);
  const uiPort = await freePort(options.uiPort, [port]);
  const address = `127.0.0.1:${port}`;
  const args = [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port)],
    ...(options.ui ? ['--ui-port', String(uiPort)] : ['--headless']),
    ...['--db-filename', dbFile, '--log-level', 'error', '--log-format', 'json'],
    ...dynamicConfigArgs(),
  ];
  const logFile = join(options.dataDir, 'temporal.log');
  const launch = () => launchServer(options.cli, args, pidFile, logFile);

  const restarts: number[] = [];
  /** Undefined where it is not to be started any more. */
  const restartPauseMs = () => {
    const now = Date.now();
    restarts.push(now);
    return restartPausesMs[restarts.filter((at) => at > now - 60_000).length - 1];
  };
  let child = launch();
  while (!(await isReady(address, child, logFile))) {
    const pauseMs = restartPauseMs();
    if (pauseMs === undefined) throw serverFailed('The Temporal server ended each time it was started', logFile);
    await sleep(pauseMs);
    child = launch();
  }

  let stopping = false;
  const failed = new Promise<never>((_, reject) => {
    const restart = async () => {
      if (stopping) return;
      const pauseMs = restartPauseMs();
      if (pauseMs === undefined) {
        reject(serverFailed('The Temporal server keeps ending', logFile));
        return;
      }
      options.tell('The Temporal server has ended unexpectedly: starting it again.');
      await sleep(pauseMs);
      if (stopping) return;
      child = launch();
      child.once('exit', () => void restart());
    };
    if (hasEnded(child)) void restart();
    else child.once('exit', () => void restart());
  });
  failed.catch(() => undefined);

  return {
    address,
    uiUrl: options.ui ? `http://127.0.0.1:${uiPort}` : undefined,
    pid: () => child.pid,
    failed,
    stop: async () => {
      stopping = true;
      if (child.pid !== undefined && !hasEnded(child)) await endProcess(child.pid);
      rmSync(pidFile, { force: true });
    },
  };
}

function launchServer(cli: string, args: string[], pidFile: string, logFile: string): ChildProcess {
  const tooLong = existsSync(logFile) && statSync(logFile).size > logBytesMax;
  const log = openSync(logFile, tooLong ? 'w' : 'a', 0o600);
  // The shell leaves its own process id, which becomes the server's, before anything else: whenever this process is
  // killed, the next one finds the server.
  const child = spawn('/bin/sh', ['-c', 'echo $$ > "$1"; shift; exec "$@"', 'sh', pidFile, cli, ...args], {
    detached: true,
    stdio: ['ignore', log, log],
    env: withoutTracing(process.env),
  });
  closeSync(log);
  return child;
}

/** The server would take the variables of a worker that traces for its own. */
function withoutTracing(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('OTEL_')));
}

async function endLeftBehind(pidFile: string, dbFile: string): Promise<void> {
  if (!existsSync(pidFile)) return;
  const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10);
  if (pid > 1 && commandLine(pid).includes(dbFile)) await endProcess(pid);
  rmSync(pidFile, { force: true });
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Waits until the server answers; false where it ended instead. */
async function isReady(address: string, child: ChildProcess, logFile: string): Promise<boolean> {
  const until = Date.now() + startMaxMs;
  while (!hasEnded(child)) {
    try {
      const connection = await Connection.connect({ address, connectTimeout: '1s' });
      await connection.workflowService.describeNamespace({ namespace: 'default' }).finally(() => connection.close());
      return true;
    } catch (error) {
      if (Date.now() > until) {
        if (child.pid !== undefined) await endProcess(child.pid);
        throw serverFailed(`The Temporal server did not answer within ${startMaxMs / 1000} s`, logFile, error);
      }
      await sleep(50);
    }
  }
  return false;
}

function serverFailed(what: string, logFile: string, cause?: unknown): TrawlError {
  const lastLine = existsSync(logFile)
    ? readFileSync(logFile, 'utf8').trim().split('\n').at(-1)?.slice(-500)
    : undefined;
  return new TrawlError('TEMPORAL_SERVER_FAILED', `${what}${lastLine ? ` (${lastLine})` : ''}.`, {
    hint: `Read ${logFile}. If its database file is damaged or of another version, move it away: checkpoints and events are in the store and nothing is lost.`,
    cause,
  });
}
