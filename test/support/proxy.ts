import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface ForwardProxy {
  /** HOST:PORT */
  place: string;
  /** The URLs of forwarded requests; `CONNECT HOST:PORT` for tunnels, which it refuses. */
  asked: string[];
  /** Received `Proxy-Authorization` headers. */
  authorizations: Set<string | undefined>;
}

/** A proxy that forwards only plain HTTP, as many do for ports other than those of TLS. */
export async function startForwardProxy(): Promise<ForwardProxy> {
  const asked: string[] = [];
  const authorizations = new Set<string | undefined>();
  const server = createServer((incoming, response) => {
    asked.push(incoming.url!);
    authorizations.add(incoming.headers['proxy-authorization']);
    const { hostname, port, pathname, search } = new URL(incoming.url!);
    const { method, headers } = incoming;
    const onward = request(
      { hostname, port, method, path: `${pathname}${search}`, headers, agent: false },
      (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    incoming.pipe(onward);
  });
  server.on('connect', (incoming, socket) => {
    asked.push(`CONNECT ${incoming.url}`);
    authorizations.add(incoming.headers['proxy-authorization']);
    socket.end('HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return { place: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked, authorizations };
}
