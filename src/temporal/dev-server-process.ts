import type { ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TrawlError } from '../errors.js';
import { anyFreePorts } from '../ports.js';
import { commandLine, endProcess, startProcess } from '../processes.js';
import { dynamicConfigArgs } from './dynamic-config.js';
import type { Place } from './front.js';
import { groupListensAt } from './listeners.js';
import { clientOptions } from './proxy.js';

const startMaxMs = 60_000;
const answerMaxMs = 5_000;
const logBytesMax = 10 * 1024 * 1024;
const loopback = '127.0.0.1';

/** Variables by which the runtime of Go is tuned. */
const ofGoPrograms = ['GODEBUG', 'GOGC', 'GOMAXPROCS', 'GOMEMLIMIT'];

/** The server's files in a data folder. */
export interface ServerFiles {
  db: string;
  log: string;
  pid: string;
}

export function serverFiles(dataDir: string): ServerFiles {
  return {
    db: join(dataDir, 'temporal.db'),
    log: join(dataDir, 'temporal.log'),
    pid: join(dataDir, 'temporal.pid'),
  };
}

/** The ports that a server really listens on, behind the published ones. */
interface ServerPlaces {
  grpc: Place;
  http: Place;
  /** Null if it has no UI. */
  ui: Place | null;
}

/** A process of Temporal's dev server, which may still be starting. */
export interface ServerProcess extends ServerPlaces {
  child: ChildProcess;
}

/** Chooses new ports for each start: the previous ones may be taken by now. */
export async function choosePlaces(withUi: boolean): Promise<ServerPlaces> {
  const hosts = { grpc: loopback, http: loopback, ui: hiddenHost() };
  const [grpc, http, ui] = (await anyFreePorts(Object.values(hosts))) as [number, number, number];
  return {
    grpc: { host: hosts.grpc, port: grpc },
    http: { host: hosts.http, port: http },
    ui: withUi ? { host: hosts.ui, port: ui } : null,
  };
}

export function launchServer(cli: string, files: ServerFiles, places: ServerPlaces): ServerProcess {
  const { grpc, http, ui } = places;
  const args = [
    ...['server', 'start-dev', '--ip', grpc.host, '--port', String(grpc.port), '--http-port', String(http.port)],
    ...(ui ? ['--ui-ip', ui.host, '--ui-port', String(ui.port)] : ['--headless']),
    ...['--db-filename', files.db, '--log-level', 'error', '--log-format', 'json'],
    ...dynamicConfigArgs(),
  ];
  return { ...places, child: spawnServer(cli, args, files) };
}

/**
 * The UI answers requests under any host name, so a web page could reach it by DNS rebinding. `holdSitePort` prevents
 * that, and the UI behind it gets an address that cannot be guessed, if the system has more than one loopback address.
 */
function hiddenHost(): string {
  const part = () => randomInt(1, 255);
  return process.platform === 'linux' ? `127.${part()}.${part()}.${part()}` : loopback;
}

function spawnServer(cli: string, args: string[], files: ServerFiles): ChildProcess {
  const tooLong = existsSync(files.log) && statSync(files.log).size > logBytesMax;
  const log = openSync(files.log, tooLong ? 'w' : 'a', 0o600);
  // The shell first writes its own process id, which becomes the server's. So whenever this process is killed, the next
  // one can find the server.
  const child = startProcess('/bin/sh', ['-c', 'echo $$ > "$1"; shift; exec "$@"', 'sh', files.pid, cli, ...args], {
    detached: true,
    stdio: ['ignore', log, log],
    variables: ofGoPrograms,
  });
  closeSync(log);
  // A process that cannot be started has no id, and counts as ended.
  child.on('error', () => undefined);
  return child;
}

export function hasEnded({ child }: ServerProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

/** Signals the server without waiting, for a process that is exiting. */
export function signalServer(server: ServerProcess): void {
  if (!hasEnded(server)) server.child.kill('SIGTERM');
}

export async function endServer(server: ServerProcess, files: ServerFiles, patienceMs?: number): Promise<void> {
  if (server.child.pid !== undefined && !hasEnded(server)) await endProcess(server.child.pid, patienceMs);
  rmSync(files.pid, { force: true });
}

/** Ends a server that a killed process left behind: two servers must not share a database file. */
export async function endLeftBehind(files: ServerFiles): Promise<void> {
  if (!existsSync(files.pid)) return;
  const pid = Number.parseInt(readFileSync(files.pid, 'utf8'), 10);
  if (pid > 1 && commandLine(pid).includes(files.db)) await endProcess(pid);
  rmSync(files.pid, { force: true });
}

/**
 * Waits until this server, and not another one on its port, answers. Returns false if it ended instead.
 * @throws TrawlError TEMPORAL_SERVER_FAILED if it does not answer in time, or if web pages could use it.
 */
export async function isReady(server: ServerProcess, files: ServerFiles): Promise<boolean> {
  const until = Date.now() + startMaxMs;
  for (let reason: unknown; !hasEnded(server); await sleep(50)) {
    try {
      if (groupListensAt(server.child.pid!, server.grpc.port)) {
        await answers(server.grpc);
        await requireClosed(server.http);
        return true;
      }
    } catch (error) {
      if (error instanceof TrawlError) throw error;
      reason = error;
    }
    if (Date.now() > until)
      throw serverFailed(`The Temporal server did not answer within ${startMaxMs / 1000} s`, files, reason);
  }
  return false;
}

async function answers({ host, port }: Place): Promise<void> {
  const address = `${host}:${port}`;
  const { Connection } = await import('@temporalio/client');
  const connection = await Connection.connect({ connectTimeout: '1s', ...clientOptions({ address }) });
  await connection.workflowService.describeNamespace({ namespace: 'default' }).finally(() => connection.close());
}

/** Checks that the HTTP API is closed: a `temporal` command that does not know the setting ignores it. */
async function requireClosed(place: Place): Promise<void> {
  const forbidden = 403;
  const asked = `http://${place.host}:${place.port}/api/v1/namespaces/default`;
  const { status, body } = await fetch(asked, { signal: AbortSignal.timeout(answerMaxMs) });
  await body?.cancel();
  if (status === forbidden) return;
  throw new TrawlError(
    'TEMPORAL_SERVER_FAILED',
    `The HTTP API of the Temporal server is open to any web page (it answers ${status}).`,
    { hint: 'Install a newer Temporal CLI, or let Trawl build one: unset TEMPORAL_CLI_PATH and take it off the PATH.' },
  );
}

export function serverFailed(what: string, files: ServerFiles, cause?: unknown): TrawlError {
  const lastLine = existsSync(files.log)
    ? readFileSync(files.log, 'utf8').trim().split('\n').at(-1)?.slice(-500)
    : undefined;
  return new TrawlError('TEMPORAL_SERVER_FAILED', `${what}${lastLine ? ` (${lastLine})` : ''}.`, {
    hint: `Read ${files.log}. If its database file is damaged or from another version, move it away: checkpoints and events are in the store, so nothing is lost.`,
    cause,
  });
}
