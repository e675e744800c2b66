import type { IncomingMessage } from 'node:http';
import { Refusal } from './refusal.js';

/** Memory for the bodies of all requests that a server holds at the same time. */
export class BodyRoom {
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** @throws Refusal 503 if the bodies of other requests take the room */
  take(bytes: number): void {
    if (this.#bytes + bytes > this.#bytesMax)
      throw new Refusal(503, 'Other requests take the memory for bodies. Try again.', { 'retry-after': '1' });
    this.#bytes += bytes;
  }

  give(bytes: number): void {
    this.#bytes -= bytes;
  }
}

interface BodyLimits {
  bytesMax: number;
  room: BodyRoom;
  /** Sees each part as it arrives, and may throw a Refusal. */
  look?: (part: Buffer) => void;
}

/**
 * Reads the body of a request and passes it on. Its bytes count against the room until `use` is done.
 * @throws Refusal 413 or 503, or what `look` and `use` throw
 */
export async function withBody<T>(
  request: IncomingMessage,
  { bytesMax, room, look = () => undefined }: BodyLimits,
  use: (body: Buffer) => Promise<T>,
): Promise<T> {
  const tooLong = () => new Refusal(413, `The body must not exceed ${bytesMax} bytes.`);
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) throw tooLong();
  let bytes = 0;
  try {
    const body = await new Promise<Buffer>((resolve, reject) => {
      const parts: Buffer[] = [];
      const fail = (error: Error) => {
        request.off('data', take);
        request.pause();
        reject(error);
      };
      const take = (part: Buffer) => {
        try {
          if (bytes + part.length > bytesMax) throw tooLong();
          look(part);
          room.take(part.length);
          bytes += part.length;
          parts.push(part);
        } catch (error) {
          fail(error as Error);
        }
      };
      request.on('data', take);
      request.once('end', () => resolve(Buffer.concat(parts)));
      request.once('close', () => fail(new Refusal(400, 'The connection was closed before the body ended.')));
    });
    return await use(body);
  } finally {
    room.give(bytes);
  }
}
