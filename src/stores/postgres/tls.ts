import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import pg from 'pg';
import { isLoopback } from '../../loopback.js';
import type { StoreLink } from '../link.js';

/** Message of the error where the answer to the request for TLS is neither yes nor no. */
export const tlsUnanswered = 'no answer to the request for TLS';

/** Parameters of a URL that say how TLS is used. */
const tlsParameters = ['ssl', 'sslmode', 'sslcert', 'sslkey', 'sslrootcert', 'sslnegotiation'];

/** True if neither the URL nor the environment, which `pg` reads too, says how TLS is used, or they say `prefer`. */
function prefersTls(url: string): boolean {
  const { searchParams } = new URL(url);
  if (searchParams.get('sslmode') === 'prefer') return searchParams.get('uselibpqcompat') === 'true';
  if (tlsParameters.some((name) => searchParams.has(name))) return false;
  const { PGSSLMODE = '', PGSSLNEGOTIATION = '' } = process.env;
  return (PGSSLMODE === '' || PGSSLMODE === 'prefer') && (PGSSLNEGOTIATION === '' || PGSSLNEGOTIATION === 'postgres');
}

/** The clients of a pool: with libpq's `sslmode=prefer`, unless the URL or the environment asks for something else. */
export function clientsFor(url: string): pg.PoolConfig {
  const clients = (made: typeof EndingClient) => ({ Client: made as unknown as new () => pg.ClientBase });
  if (!prefersTls(url)) return clients(EndingClient);
  return { ssl: { rejectUnauthorized: false }, ...clients(PreferringClient) };
}

/** Parts of a connection of `pg` that its types leave out. */
interface Negotiation extends pg.Connection {
  readonly stream: Duplex;
  connect(port: number | string, host?: string): void;
  attachListeners(stream: Duplex): void;
}

/** A client whose connection ends when it fails. `pg` leaves one open that it has no password for. */
class EndingClient extends pg.Client {
  constructor(config: pg.ClientConfig) {
    super(config);
    const connection = connectionOf(this);
    connection.once('error', () => connection.stream.destroy());
  }
}

/** A client that goes on in the clear, on the same connection, where the server has no TLS. `pg` only fails then. */
class PreferringClient extends EndingClient {
  constructor(config: pg.ClientConfig) {
    super(config);
    acceptNo(connectionOf(this) as Negotiation);
  }
}

function acceptNo(connection: Negotiation): void {
  const { connect } = connection;
  connection.connect = (port, host) => {
    connect.call(connection, port, host);
    const { stream } = connection;
    const [begin] = stream.listeners('data') as [(answer: Buffer) => void];
    stream.removeAllListeners('data');
    const unanswered = () => connection.emit('error', new Error(tlsUnanswered));
    // Before the listener that takes the end for one of an open connection.
    stream.prependOnceListener('close', unanswered);
    stream.once('data', (answer: Buffer) => {
      stream.off('close', unanswered);
      switch (answer.toString('latin1')) {
        case 'S':
          return begin(answer);
        case 'N':
          connection.attachListeners(stream);
          return connection.emit('sslconnect');
        default:
          // Anything more is from somebody in between, or an error that nobody vouches for.
          stream.destroy();
          return unanswered();
      }
    });
  };
}

function connectionOf(client: pg.ClientBase): pg.Connection {
  return (client as unknown as { connection: pg.Connection }).connection;
}

/** How the connection of a client is protected. */
export function linkOf(client: pg.ClientBase): StoreLink {
  const { host, ssl } = client as unknown as { host: string; ssl: { rejectUnauthorized?: boolean } | boolean };
  const { stream } = connectionOf(client) as unknown as { stream: Duplex & { remoteAddress?: string } };
  const isLocal = host.startsWith('/') || isLoopback(stream.remoteAddress ?? '');
  if (!(stream instanceof TLSSocket)) return { isLocal, tls: null, verified: 'nothing', passesVerification: false };
  const { authorized: passesVerification } = stream;
  const options = typeof ssl === 'object' ? ssl : {};
  const byName = !('checkServerIdentity' in options);
  const isEnforced = passesVerification && options.rejectUnauthorized !== false;
  const verified = !isEnforced ? 'nothing' : byName ? 'host' : 'authority';
  return { isLocal, tls: stream.getProtocol() ?? 'TLS', verified, passesVerification };
}
