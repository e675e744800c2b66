import { type AddressInfo, createServer } from 'node:net';
import { TrawlError } from '../errors.js';

const tried = 50;

/** The wanted port, or the next one that is free on the loopback interface. */
export async function freePort(wanted: number, taken: readonly number[] = []): Promise<number> {
  for (let port = wanted; port < wanted + tried && port < 65_536; port += 1) {
    if (!taken.includes(port) && (await isFree(port))) return port;
  }
  throw new TrawlError('PORT_TAKEN', `The ports ${wanted} to ${wanted + tried - 1} are all taken.`, {
    hint: 'End what listens on one of them, or choose others with --port and --ui-port.',
  });
}

/** Any port that is free on the loopback interface. */
export function anyFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen({ port: 0, host: '127.0.0.1' }, () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
