import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { expect, inject, it, onTestFinished } from 'vitest';
import { startDevServer } from '../../src/temporal/dev-server.js';
import { freePort } from '../../src/temporal/ports.js';
import { until } from '../support/collection.js';

it('a server whose port is taken while it is down is there again when the port is free', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'trawl-dev-server-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  const port = await freePort(15_000 + Math.floor(Math.random() * 2_000));
  const told: string[] = [];
  const cli = inject('temporalCli');
  const server = await startDevServer({ cli, dataDir, port, uiPort: port, ui: false, tell: (line) => told.push(line) });
  onTestFinished(() => server.stop());

  process.kill(server.pid()!, 'SIGKILL');
  const squatter = await squat(Number(server.address.split(':')[1]));
  await until('the server has been started in vain more than once', () => told.length > 2);
  await new Promise((resolve) => squatter.close(resolve));

  await until('the server answers', async () => {
    const connection = await Connection.connect({ address: server.address, connectTimeout: '1s' }).catch(() => null);
    await connection?.close();
    return connection !== null;
  });
  await expect(Promise.race([server.failed, 'runs'])).resolves.toBe('runs');
}, 60_000);

/** Takes the port as soon as it is free, which is sooner than a server that starts can. */
async function squat(port: number): Promise<Server> {
  for (;;) {
    const server = createServer((socket) => socket.destroy());
    const listens = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(true));
    });
    if (listens) return server;
  }
}
