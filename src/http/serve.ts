import { lookup } from 'node:dns/promises';
import type { AddressInfo } from 'node:net';
import { reasonOf, TrawlError } from '../errors.js';
import { isLoopback } from '../loopback.js';
import { hostList } from './hosts.js';
import { type Site, siteServer } from './site.js';

/** Where a site is served, and how an error names it. */
export interface Place {
  /** An address or a name. */
  host: string;
  port: number;
  /** Names that the site goes by, besides localhost and addresses. */
  names?: readonly string[];
  /** Subject of the error, for example "Health". */
  what: string;
  /** The hint of the error if the server cannot listen there. */
  hint: string;
}

export interface Served {
  /** For example `http://127.0.0.1:9464`. */
  url: string;
  close(): Promise<void>;
}

interface Bound {
  address: string;
  /** True if no other machine can reach it. */
  isLocal: boolean;
}

/** The address that the name of a place stands for. @throws TrawlError PORT_TAKEN */
export async function boundAddress(place: Place): Promise<Bound> {
  try {
    const { address } = await lookup(place.host || '::');
    return { address, isLocal: isLoopback(address) };
  } catch (error) {
    throw cannotServe(place, error);
  }
}

/**
 * Serves a site at a place.
 * @param bound the address of the place, if something has been decided by it: the name may stand for another one by now
 * @throws TrawlError PORT_TAKEN
 */
export async function serveSite(site: Site, place: Place, bound?: Bound): Promise<Served> {
  const { host, port, names = [] } = place;
  const { address } = bound ?? (await boundAddress(place));
  // A name to listen at is one that the owner wants the site to go by.
  const server = siteServer(site, hostList(address, [host, ...names]));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(cannotServe(place, error)));
    server.listen(port, address, resolve);
  });
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function cannotServe({ what, host, port, hint }: Place, cause: unknown): TrawlError {
  return new TrawlError('PORT_TAKEN', `${what} cannot be served at ${host}:${port}: ${reasonOf(cause)}.`, {
    hint,
    cause,
  });
}
