import { type AddressInfo, createServer, type Server } from 'node:net';
import { reasonOf, TrawlError } from './errors.js';

const tried = 50;

/**
 * Listens on the wanted port, or on the next one that is free. Nothing stands between finding a port and having it, so
 * that processes that start at the same time get different ones.
 *
 * @returns the port.
 * @throws TrawlError PORT_TAKEN where none of them is free.
 */
export async function listenFrom(server: Server, host: string, wanted: number): Promise<number> {
  for (let port = wanted; port < wanted + tried && port < 65_536; port += 1) {
    const error = await listen(server, host, port);
    if (error === null) return port;
    if (error.code !== 'EADDRINUSE') throw cannotListen(host, port, error);
  }
  throw new TrawlError('PORT_TAKEN', `The ports ${wanted} to ${wanted + tried - 1} are all taken.`, {
    hint: 'End what listens on one of them, or choose others with --port and --ui-port.',
  });
}

/** Listens on this port. @throws TrawlError PORT_TAKEN */
export async function listenAt(server: Server, host: string, port: number): Promise<void> {
  const error = await listen(server, host, port);
  if (error !== null) throw cannotListen(host, port, error);
}

/** Ports that are free, and different ones. Somebody else may take them before they are used. */
export async function anyFreePorts(hosts: readonly string[]): Promise<number[]> {
  const probes = hosts.map(() => createServer());
  try {
    for (const [at, probe] of probes.entries()) await listenAt(probe, hosts[at]!, 0);
    return probes.map((probe) => (probe.address() as AddressInfo).port);
  } finally {
    await Promise.all(probes.map((probe) => new Promise((resolve) => probe.close(resolve))));
  }
}

function listen(server: Server, host: string, port: number): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => {
    const settle = (error: NodeJS.ErrnoException | null) => {
      server.off('error', settle);
      server.off('listening', listening);
      resolve(error);
    };
    const listening = () => settle(null);
    server.on('error', settle);
    server.on('listening', listening);
    server.listen({ port, host, exclusive: true });
  });
}

function cannotListen(host: string, port: number, error: NodeJS.ErrnoException): TrawlError {
  return new TrawlError('PORT_TAKEN', `Nothing can listen at ${host}:${port}: ${reasonOf(error)}.`, {
    hint: 'End what listens there, or choose another port.',
    cause: error,
  });
}
