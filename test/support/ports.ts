import { createServer } from 'node:net';
import { listenFrom } from '../../src/ports.js';

/** The wanted port, or the next one that is free on the loopback interface. */
export async function freePort(wanted: number): Promise<number> {
  const probe = createServer();
  const port = await listenFrom(probe, '127.0.0.1', wanted);
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
