import { setTimeout as sleep } from 'node:timers/promises';
import {
  choosePlaces,
  endLeftBehind,
  endServer,
  hasEnded,
  isReady,
  launchServer,
  type ServerFiles,
  type ServerProcess,
  serverFailed,
  serverFiles,
  signalServer,
} from './dev-server-process.js';
import { type Front, holdPort, holdSitePort } from './front.js';

interface DevServerOptions {
  cli: string;
  dataDir: string;
  /** The first ports to try; if one is taken, the next free one is used. */
  port: number;
  uiPort: number;
  ui: boolean;
  tell: (line: string) => void;
  /** Called when the server's process has been launched, and takes a second until it answers. */
  launched?: () => void;
}

export interface DevServer {
  /** Address of a port that this process holds, so it stays the same when the server restarts. */
  address: string;
  uiUrl: string | undefined;
  pid(): number | undefined;
  /** Rejects when the server keeps dying and is no longer restarted. */
  failed: Promise<never>;
  /** @param patienceMs time for the server to end by itself before it is killed. */
  stop(patienceMs?: number): Promise<void>;
}

/**
 * Pauses before a server that has died is restarted, by the number of starts within a minute: the cause may pass. After
 * the last one the server is not restarted again.
 */
const restartPausesMs = [0, 250, 500, 1_000, 2_000, 4_000, 8_000];

/**
 * Runs Temporal's dev server with its database in the data folder, and restarts it when it dies.
 *
 * The server has its own process group, so that Ctrl-C reaches it only after the worker has drained. This process holds
 * the published ports, and forwards to the server only once it has verified that the server is its own. So another
 * server cannot take its place, neither at the start nor while the server is down.
 *
 * @throws TrawlError TEMPORAL_SERVER_FAILED or PORT_TAKEN.
 */
export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
  const files = serverFiles(options.dataDir);
  await endLeftBehind(files);
  const grpc = await holdPort(options.port);
  const ui = options.ui ? await holdSitePort(options.uiPort).catch(closing(grpc)) : undefined;
  const supervisor = new Supervisor(options, files, grpc, ui);
  try {
    await supervisor.start();
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
  return {
    address: `127.0.0.1:${grpc.port}`,
    uiUrl: ui && `http://127.0.0.1:${ui.port}`,
    pid: () => supervisor.pid,
    failed: supervisor.failed,
    stop: (patienceMs) => supervisor.stop(patienceMs),
  };
}

function closing(front: Front): (error: unknown) => Promise<never> {
  return async (error) => {
    await front.close();
    throw error;
  };
}

class Supervisor {
  readonly failed: Promise<never>;
  readonly #options: DevServerOptions;
  readonly #files: ServerFiles;
  readonly #grpc: Front;
  readonly #ui: Front | undefined;
  readonly #starts: number[] = [];
  #fail!: (error: unknown) => void;
  #server: ServerProcess | undefined;
  #stopping = false;
  /** Ends the server however this process exits, except by SIGKILL. */
  readonly #leave = () => {
    if (this.#server) signalServer(this.#server);
  };

  constructor(options: DevServerOptions, files: ServerFiles, grpc: Front, ui: Front | undefined) {
    this.#options = options;
    this.#files = files;
    this.#grpc = grpc;
    this.#ui = ui;
    this.failed = new Promise<never>((_, reject) => {
      this.#fail = reject;
    });
    this.failed.catch(() => undefined);
    process.on('exit', this.#leave);
  }

  get pid(): number | undefined {
    return this.#server?.child.pid;
  }

  /** Launches servers until one answers. @throws TrawlError TEMPORAL_SERVER_FAILED */
  async start(): Promise<void> {
    while (!this.#stopping) {
      const places = await choosePlaces(this.#ui !== undefined);
      if (this.#stopping) return;
      const server = launchServer(this.#options.cli, this.#files, places);
      this.#server = server;
      this.#options.launched?.();
      if (await isReady(server, this.#files)) {
        this.#passTo(server);
        return;
      }
      if (this.#stopping) return;
      const pauseMs = this.#pauseMs();
      if (pauseMs === undefined) throw serverFailed('The Temporal server exited each time it was started', this.#files);
      await sleep(pauseMs);
    }
  }

  async stop(patienceMs?: number): Promise<void> {
    this.#stopping = true;
    if (this.#server) await endServer(this.#server, this.#files, patienceMs);
    process.off('exit', this.#leave);
    await this.#ui?.close();
    await this.#grpc.close();
  }

  #passTo(server: ServerProcess): void {
    this.#grpc.passTo(server.grpc);
    this.#ui?.passTo(server.ui ?? undefined);
    if (hasEnded(server)) void this.#restart();
    else server.child.once('exit', () => void this.#restart());
  }

  async #restart(): Promise<void> {
    this.#grpc.passTo(undefined);
    this.#ui?.passTo(undefined);
    if (this.#stopping) return;
    try {
      const pauseMs = this.#pauseMs();
      if (pauseMs === undefined) throw serverFailed('The Temporal server keeps exiting', this.#files);
      this.#options.tell('The Temporal server has exited unexpectedly: restarting it.');
      await sleep(pauseMs);
      await this.start();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Returns undefined if the server should not be restarted again. */
  #pauseMs(): number | undefined {
    const now = Date.now();
    this.#starts.push(now);
    return restartPausesMs[this.#starts.filter((at) => at > now - 60_000).length - 1];
  }
}
