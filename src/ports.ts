import { type AddressInfo, createServer, type Server } from 'node:net';
import { reasonOf, TrawlError } from './errors.js';

const tried = 50;

/**
 * Listens on the wanted port or on the next free one. Finding a port and taking it is one step, so that processes that
 * start at the same time get different ports.
 *
 * @returns the port.
 * @throws TrawlError PORT_TAKEN if none of them is free.
 */
export async function listenFrom(server: Server, host: string, wanted: number): Promise<number> {
  for (let port = wanted; port < wanted + tried && port < 65_536; port += 1) {
    const error = await listen(server, host, port);
    if (error === null) return port;
    if (error.code !== 'EADDRINUSE') throw cannotListen(host, port, error);
  }
  throw new TrawlError('PORT_TAKEN', `The ports ${wanted} to ${wanted + tried - 1} are all taken.`, {
    hint: 'End a process that listens on one of them, or choose others with --port and --ui-port.',
  });
}

/** Listens on this port. @throws TrawlError PORT_TAKEN */
async function listenAt(server: Server, host: string, port: number): Promise<void> {
  const error = await listen(server, host, port);
  if (error !== null) throw cannotListen(host, port, error);
}

/** Returns a different free port for each host. Another process may take them before they are used. */
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
    hint: 'End the process that listens there, or choose another port.',
    cause: error,
  });
}
