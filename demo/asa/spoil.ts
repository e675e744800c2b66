import type { Fault } from '../faults.js';
import { type Answer, withSpoiledBody } from '../wire.js';
import { errorAnswer } from './answers.js';
import { rateLimitHeaders } from './rate-limit.js';

/** Applies a fault to a correct answer; faults on the wire leave it unchanged. */
export function spoiled(answer: Answer, fault: Fault): Answer {
  switch (fault.kind) {
    case 'status':
      return failed(answer, fault);
    case 'token-expired':
      return failed(answer, { ...fault, status: 401 });
    case 'null-list':
      return { ...answer, body: Buffer.from('{"list":null,"related_objects":null}') };
    default:
      return withSpoiledBody(answer, fault);
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
