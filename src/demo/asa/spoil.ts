import type { ServerResponse } from 'node:http';
import { type Answer, errorAnswer } from './answers.js';
import type { Fault } from './faults.js';
import { rateLimitHeaders } from './rate-limit.js';

const loginPage = `<!DOCTYPE html>
<html><head><title>Sign in</title></head><body><h1>Sign in</h1><p>Your session has ended &amp; you were signed out.</p></body></html>
`;

/** The answer that a fault makes of the right one; those that happen on the wire leave it as it is. */
export function spoiled(answer: Answer, fault: Fault): Answer {
  const withBody = (body: string | Buffer, type?: string): Answer => ({
    ...answer,
    headers: { ...answer.headers, ...(type === undefined ? {} : { 'Content-Type': type }) },
    body: Buffer.from(body),
  });
  switch (fault.kind) {
    case 'status':
      return failed(answer, fault);
    case 'token-expired':
      return failed(answer, { ...fault, status: 401 });
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
    case 'null-list':
      return withBody('{"list":null,"related_objects":null}');
    case 'garbage-utf8':
      return withBody(garbled(answer.body));
    default:
      return answer;
  }
}

function failed(answer: Answer, fault: Fault): Answer {
  const status = fault.status ?? 500;
  const refusal = errorAnswer(status, `This answer was planned as a fault (${fault.kind}).`, fault.code);
  const { Link: _, ...headers } = { ...answer.headers, ...refusal.headers };
  if (status === 429) {
    const resetSeconds = Math.ceil((Date.now() + (fault.resetInMs ?? 1000)) / 1000);
    Object.assign(headers, rateLimitHeaders(Number(headers['X-RateLimit-Limit']), 0, resetSeconds));
  }
  if (fault.rateLimitHeaders === false)
    for (const name of Object.keys(headers)) if (name.startsWith('X-RateLimit-')) delete headers[name];
  if (fault.retryAfter !== undefined) headers['Retry-After'] = String(fault.retryAfter);
  return { status, headers, body: refusal.body };
}

/** JSON as before, but with bytes that are no UTF-8 inside a string. */
function garbled(body: Buffer): Buffer {
  const copy = Buffer.from(body);
  const value = ['"trace_id":"', '":"', '{"'].find((text) => copy.includes(text)) ?? '';
  const inSecondHalf = copy.indexOf(value, copy.length >> 1);
  const at = inSecondHalf < 0 ? copy.indexOf(value) : inSecondHalf;
  Buffer.from([0xff, 0xc3]).copy(copy, at + value.length);
  return copy;
}

/** Sends an answer over the wire, as the fault has it. */
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

/** The body and white space after it, so that it is the right one for whoever reads it all; without Content-Length. */
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
