import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { hostList, hostsOf, isOwnOrigin } from '../http/hosts.js';
import { requestServer } from '../http/incoming.js';
import { listenFrom } from '../ports.js';

/**
 * A port that this process holds while it lives, in front of a server that may restart on another port. Clients keep
 * one address, and while the server is down no other server can answer in its place.
 */
export interface Front {
  port: number;
  /** Sets where new connections go; with undefined they are closed. */
  passTo(place: Place | undefined): void;
  close(): Promise<void>;
}

export interface Place {
  host: string;
  port: number;
}

type CurrentPlace = () => Place | undefined;

const loopback = '127.0.0.1';

/** Holds a port in front of gRPC and forwards bytes. @throws TrawlError PORT_TAKEN */
export function holdPort(wanted: number): Promise<Front> {
  return front(wanted, (current) =>
    createServer({ noDelay: true }, (socket) => {
      const place = current();
      if (!place) {
        socket.destroy();
        return;
      }
      const onward = connect({ ...place, noDelay: true });
      for (const [from, to] of [
        [socket, onward],
        [onward, socket],
      ] as const) {
        from.on('error', () => undefined);
        from.once('close', () => to.destroySoon());
        from.pipe(to);
      }
    }),
  );
}

/**
 * Holds a port in front of a site for browsers on this machine. It forwards requests whose Host is a name of this
 * machine, and refuses those of other sites, whose own name could lead here (DNS rebinding). Only its own pages may change
 * something.
 * @throws TrawlError PORT_TAKEN
 */
export function holdSitePort(wanted: number): Promise<Front> {
  return front(wanted, (current) =>
    requestServer((asked, response) => {
      const place = current();
      if (!isOwnSite(asked)) refuse(response, 403, 'This site accepts requests to localhost from its own pages only.');
      else if (changes(asked) && asked.headers.origin === undefined)
        refuse(response, 403, 'This site accepts changes from its own pages only. Programs use the command temporal.');
      else if (!place) refuse(response, 503, 'The Temporal server is restarting.');
      else passOn(asked, response, place);
    }),
  );
}

async function front(wanted: number, serverFor: (current: CurrentPlace) => Server): Promise<Front> {
  let place: Place | undefined;
  const server = serverFor(() => place);
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  const port = await listenFrom(server, loopback, wanted);
  return {
    port,
    passTo: (next) => {
      place = next;
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

const isOwnHost = hostList(loopback);

function isOwnSite(asked: IncomingMessage): boolean {
  const { headers, url = '' } = asked;
  const isNamed = headers.host !== undefined && hostsOf(asked).every(isOwnHost);
  return isNamed && url.startsWith('/') && isOwnOrigin(headers);
}

/** Browsers name the page that such a request comes from. Without that, a program sends it, and none needs this site. */
function changes({ method }: IncomingMessage): boolean {
  return method !== 'GET' && method !== 'HEAD';
}

function passOn(asked: IncomingMessage, response: ServerResponse, place: Place): void {
  const { expect: _, ...headers } = asked.headers;
  const onward = request({ ...place, method: asked.method, path: asked.url, headers, agent: false });
  onward.on('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    pipeline(answer, response, () => response.destroy());
  });
  onward.on('error', () => {
    if (response.headersSent) response.destroy();
    else refuse(response, 502, 'The Temporal UI does not answer.');
  });
  response.once('close', () => onward.destroy());
  asked.pipe(onward);
}

function refuse(response: ServerResponse, status: number, why: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
  response.end(`${why}\n`);
}
