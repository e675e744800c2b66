import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Fault } from './faults.js';

/** An answer that a demo server is about to send. */
export interface Answer {
  status: number;
  headers: Record<string, string | string[]>;
  body: Buffer;
}

export function jsonAnswer(status: number, value: unknown): Answer {
  return { status, headers: { 'Content-Type': 'application/json' }, body: Buffer.from(`${JSON.stringify(value)}\n`) };
}

const loginPage = `<!DOCTYPE html>
<html><head><title>Sign in</title></head><body><h1>Sign in</h1><p>Your session has ended &amp; you were signed out.</p></body></html>
`;

/** Spoils the body of a correct answer; faults of another kind leave it unchanged. */
export function withSpoiledBody(answer: Answer, fault: Fault): Answer {
  const withBody = (body: string | Buffer, type?: string): Answer => ({
    ...answer,
    headers: { ...answer.headers, ...(type === undefined ? {} : { 'Content-Type': type }) },
    body: Buffer.from(body),
  });
  switch (fault.kind) {
    case 'html':
      return withBody(loginPage, 'text/html; charset=utf-8');
    case 'wrong-content-type':
      return withBody(answer.body, 'text/html; charset=utf-8');
    case 'truncated':
      return withBody(answer.body.subarray(0, answer.body.length >> 1));
    case 'empty':
      return withBody('');
    case 'empty-json':
      return withBody('{}');
    case 'garbage-utf8':
      return withBody(garbled(answer.body));
    default:
      return answer;
  }
}

/** The same JSON, but with bytes inside a string that are not UTF-8. */
function garbled(body: Buffer): Buffer {
  const copy = Buffer.from(body);
  const value = ['"trace_id":"', '":"', '{"'].find((text) => copy.includes(text)) ?? '';
  const inSecondHalf = copy.indexOf(value, copy.length >> 1);
  const at = inSecondHalf < 0 ? copy.indexOf(value) : inSecondHalf;
  Buffer.from([0xff, 0xc3]).copy(copy, at + value.length);
  return copy;
}

/** Sends an answer over the wire with the fault's behaviour. */
export function send(response: ServerResponse, answer: Answer, fault: Fault | undefined): void {
  const { status, headers, body } = answer;
  if (fault?.kind === 'reset-before') {
    response.socket?.resetAndDestroy();
    return;
  }
  if (fault?.kind === 'oversize') {
    response.writeHead(status, headers);
    pad(response, body, fault.bytes ?? 64 * 1024 * 1024);
    return;
  }
  response.writeHead(status, { ...headers, 'Content-Length': String(body.length) });
  const half = body.length >> 1;
  if (fault?.kind === 'reset') {
    response.write(body.subarray(0, half), () => response.socket?.destroy());
  } else if (fault?.kind === 'stall') {
    response.write(body.subarray(0, half));
    if (fault.ms === undefined) return;
    const timer = setTimeout(() => response.end(body.subarray(half)), fault.ms);
    response.once('close', () => clearTimeout(timer));
  } else {
    response.end(body);
  }
}

/**
 * The body followed by white space, so that it is correct for a client that reads all of it; without Content-Length.
 */
function pad(response: ServerResponse, body: Buffer, bytes: number): void {
  const chunk = Buffer.alloc(64 * 1024, ' ');
  let left = bytes + 1 - body.length;
  const more = (): void => {
    while (left > 0 && !response.destroyed) {
      left -= chunk.length;
      if (!response.write(chunk)) {
        response.once('drain', more);
        return;
      }
    }
    response.end();
  };
  response.write(body);
  more();
}

const bodyLengthMax = 1024 * 1024;

/** The body of a request. @throws Error if it is over 1 MiB. */
export async function bodyText(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > bodyLengthMax) throw new Error('the request is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
