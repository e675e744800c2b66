import { type ErrorCode, TrawlError } from '../../errors.js';
import type { HttpAnswer } from '../../http/client.js';
import { askedWaitMs } from '../../http/status.js';
import type { RequestRefused } from '../delivery.js';
import { membersOf, statusError } from '../http-answer.js';
import { contentRefused } from '../refusal.js';

interface CodeRule {
  code: ErrorCode;
  says: string;
  hint: string;
}

const again = 'The batch is retried; if this persists, check the load and the queues of Splunk.';
const noAck = 'Set useAck=yes for the sink, or create a token without indexer acknowledgement.';

/** The event collector's own codes, which say more than the status of the answer. */
const codeRules: Readonly<Record<number, CodeRule>> = {
  1: {
    code: 'SINK_REFUSED',
    says: 'the token is disabled',
    hint: 'Enable it in Splunk: Settings, Data inputs, HTTP Event Collector.',
  },
  2: {
    code: 'SINK_REFUSED',
    says: 'no token arrived',
    hint: 'Check the proxy in between: it removes the Authorization header.',
  },
  3: {
    code: 'SINK_REFUSED',
    says: 'it cannot read the token',
    hint: 'Set token to exactly the token that Splunk shows, without anything around it.',
  },
  4: {
    code: 'SINK_REFUSED',
    says: 'it does not know the token',
    hint: 'Set token to one that this Splunk has: Settings, Data inputs, HTTP Event Collector.',
  },
  7: {
    code: 'SINK_REFUSED',
    says: 'the index does not exist, or the token does not allow it',
    hint: 'Set index to one of the indexes that the token allows, or allow this one for the token.',
  },
  8: { code: 'SINK_UNAVAILABLE', says: 'it has an internal error', hint: again },
  9: { code: 'SINK_UNAVAILABLE', says: 'it is busy', hint: again },
  10: { code: 'SINK_REFUSED', says: 'the token requires indexer acknowledgement', hint: noAck },
  11: { code: 'SINK_REFUSED', says: 'the token requires indexer acknowledgement', hint: noAck },
  14: {
    code: 'SINK_REFUSED',
    says: 'the token has no indexer acknowledgement',
    hint: 'Enable it for the token in Splunk, or set useAck=no for the sink.',
  },
  18: { code: 'SINK_FULL', says: 'its queues are full', hint: again },
  19: { code: 'SINK_UNAVAILABLE', says: 'its acknowledgement service is not available', hint: again },
  20: { code: 'SINK_FULL', says: 'its queues are full', hint: again },
  23: { code: 'SINK_UNAVAILABLE', says: 'it is shutting down', hint: again },
};

/**
 * See `contentRefused`. Splunk blames one event by its number (codes 6, 12, 13 and 15). It does not say whether it has
 * kept those before it.
 */
export function splunkRefused(answer: HttpAnswer, place: string, secrets: readonly string[]): RequestRefused {
  const { code, 'invalid-event-number': number } = membersOf(answer);
  const error = splunkError(answer, place);
  if (typeof code === 'number' && code in codeRules) throw error;
  const refused = contentRefused(answer, error, secrets);
  const reason = typeof code === 'number' ? refused.reason.replace(/\.$/, ` (code ${code}).`) : refused.reason;
  return { ...refused, reason, index: Number.isSafeInteger(number) ? (number as number) : undefined };
}

/** The code for an empty request. It proves that the token is accepted. */
export const noDataCode = 5;

export function splunkError(answer: HttpAnswer, place: string): TrawlError {
  const { code } = membersOf(answer);
  const rule = typeof code === 'number' ? codeRules[code] : undefined;
  if (!rule) return statusError(answer, place, { 400: formHint });
  return new TrawlError(rule.code, `${place} answered ${answer.status}, code ${String(code)}: ${rule.says}.`, {
    hint: rule.hint,
    retryAfterMs: askedWaitMs(answer),
  });
}

const formHint = 'Check index, sourcetype and host of the sink, and that url points to the HTTP Event Collector.';
