import { connect, type Socket } from 'node:net';

/** A connection to a port of this machine, with everything that has arrived on it. */
export interface RawConnection {
  socket: Socket;
  /** What the server had sent when the connection closed. */
  answer: Promise<string>;
}

export function opened(port: number): RawConnection {
  const socket = connect(port, '127.0.0.1');
  const parts: Buffer[] = [];
  socket.on('data', (part) => parts.push(part));
  socket.on('error', () => undefined);
  // Not by "once" of node:events, which fails if the server resets the connection.
  const closed = new Promise<void>((resolve) => void socket.once('close', () => resolve()));
  const answer = closed.then(() => Buffer.concat(parts).toString('latin1'));
  return { socket, answer };
}

/** A server's answer to these bytes, until it closes the connection. */
export async function asked(port: number, bytes: string): Promise<string> {
  const { socket, answer } = opened(port);
  socket.write(Buffer.from(bytes, 'latin1'));
  return answer;
}

/** A server's answer to one request without a body. */
export function ask(port: number, head: string): Promise<string> {
  return asked(port, `${head}\r\nConnection: close\r\n\r\n`);
}

export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]);
}

export function headerOf(answer: string, name: string): string | undefined {
  return new RegExp(`^${name}: (.*)\r$`, 'im').exec(answer.split('\r\n\r\n')[0]!)?.[1];
}
