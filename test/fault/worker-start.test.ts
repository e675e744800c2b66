import { connect, createServer, type Socket } from 'node:net';
import { expect, inject, it, onTestFinished } from 'vitest';
import { openStore } from '../../src/stores/registry.js';
import { localTemporal } from '../../src/temporal/connection.js';
import { startWorker } from '../../src/worker.js';
import { until } from '../support/collection.js';
import { freePort } from '../support/ports.js';
import { quietTemporal } from '../support/quiet.js';
import { storePlaceOfTest } from '../support/store.js';

/** Forwards to the Temporal server, and counts the open connections. */
async function counting(): Promise<{ address: string; open: Set<Socket> }> {
  const [host, port] = inject('temporalAddress').split(':') as [string, string];
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    const onward = connect(Number(port), host);
    for (const each of [socket, onward]) each.on('error', () => undefined);
    socket.once('close', () => {
      open.delete(socket);
      onward.destroy();
    });
    socket.pipe(onward).pipe(socket);
  });
  const own = await freePort(29_000 + Math.floor(Math.random() * 1_000));
  await new Promise<void>((resolve) => server.listen(own, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  return { address: `127.0.0.1:${own}`, open };
}

it.each([
  ['the store cannot be read', {}, 'no store'],
  ['the settings of a proxy cannot be read', { HTTPS_PROXY: 'socks5://127.0.0.1' }, 'HTTPS_PROXY'],
])('a worker that does not start, as %s, leaves no connection open', async (_, env, reason) => {
  quietTemporal();
  const { address, open } = await counting();
  const { place } = await storePlaceOfTest();
  const store = await openStore(place);
  onTestFinished(() => store.close());
  store.identity = () => Promise.reject(new Error('no store'));
  await expect(startWorker({ temporal: localTemporal(address), store, env })).rejects.toThrow(reason);
  await until('all connections are closed', () => open.size === 0);
});
