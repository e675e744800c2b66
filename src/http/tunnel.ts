import { request } from 'node:http';
import type { Socket } from 'node:net';

interface TunnelOptions {
  /** HOST:PORT of the proxy. */
  proxy: string;
  /** Value of `Proxy-Authorization`, if it wants one. */
  authorization?: string | undefined;
  /** HOST:PORT to reach. */
  target: string;
  answerMaxMs: number;
}

/** Opens a tunnel through a proxy. Returns the connection, the status of a refusal, or why the proxy is not reached. */
export function openTunnel({
  proxy,
  authorization,
  target,
  answerMaxMs,
}: TunnelOptions): Promise<Socket | number | Error> {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(`http://${proxy}`);
    const asked = request({
      host: hostname.replace(/[[\]]/g, ''),
      port: Number(port || 80),
      method: 'CONNECT',
      path: target,
      headers: { host: target, ...(authorization ? { 'proxy-authorization': authorization } : {}) },
      agent: false,
      timeout: answerMaxMs,
    });
    asked.on('connect', ({ statusCode = 0 }, socket: Socket) => {
      socket.on('error', () => undefined);
      socket.setTimeout(0);
      if (statusCode === 200) return resolve(socket);
      socket.destroy();
      resolve(statusCode);
    });
    asked.on('timeout', () => asked.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })));
    asked.on('error', resolve);
    asked.end();
  });
}
