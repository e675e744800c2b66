import type { Socket } from 'node:net';
import { Client } from 'undici';

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
export async function openTunnel(options: TunnelOptions): Promise<Socket | number | Error> {
  const { proxy, authorization, target, answerMaxMs } = options;
  const client = new Client(`http://${proxy}`, { connect: { timeout: answerMaxMs }, headersTimeout: answerMaxMs });
  try {
    const headers = { host: target, ...(authorization ? { 'proxy-authorization': authorization } : {}) };
    const { statusCode, socket } = await client.connect({ path: target, headers });
    socket.on('error', () => undefined);
    if (statusCode === 200) return socket as Socket;
    socket.destroy();
    return statusCode;
  } catch (error) {
    return error as Error;
  } finally {
    // A connection that has become a tunnel is no longer the client's.
    void client.close().catch(() => undefined);
  }
}
