import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProcess } from '../../src/processes.js';
import {
  choosePlaces,
  endServer,
  isReady,
  type ServerProcess,
  serverFailed,
  serverFiles,
  signalServer,
} from '../../src/temporal/dev-server-process.js';
import { dynamicConfigArgs } from '../../src/temporal/dynamic-config.js';

/** The Temporal server that most tests share. */
export interface TestTemporal {
  address: string;
  stop(): Promise<void>;
}

/**
 * Temporal's dev server, configured like Trawl's own but without what keeps a database over a crash of the machine, and
 * without a front: these take up a third of what it costs.
 */
export async function startTemporal(cli: string): Promise<TestTemporal> {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-test-server-'));
  const files = serverFiles(folder);
  const places = await choosePlaces(false);
  const { grpc, http } = places;
  const args = [
    ...['server', 'start-dev', '--headless', '--ip', grpc.host, '--port', String(grpc.port)],
    ...['--http-port', String(http.port), '--db-filename', files.db, '--sqlite-pragma', 'synchronous=off'],
    ...['--log-level', 'error', '--log-format', 'json', ...dynamicConfigArgs()],
  ];
  const log = openSync(files.log, 'a');
  // A process group of its own tells its port from those of others.
  const child = startProcess(cli, args, { detached: true, stdio: ['ignore', log, log] });
  const server: ServerProcess = { ...places, child };
  closeSync(log);
  const leave = () => signalServer(server);
  process.on('exit', leave);
  if (!(await isReady(server, files))) throw serverFailed('The Temporal server of the tests did not start', files);
  return {
    address: `${grpc.host}:${grpc.port}`,
    stop: async () => {
      await endServer(server, files);
      process.off('exit', leave);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
