import { type ErrorCode, TrawlError } from '../../errors.js';
import type { HttpAnswer } from '../../http/client.js';
import { askedWaitMs } from '../../http/status.js';
import { membersOf, statusError } from '../http-answer.js';

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

/** Codes that blame a single event, named by `invalid-event-number`, with their reasons. */
const eventCodes: Readonly<Record<number, string>> = {
  6: 'invalid data format',
  12: 'event field is required',
  13: 'event field cannot be blank',
  15: 'error in handling indexed fields',
};

/** The event of a request that the event collector refuses, and why; undefined if the answer blames none. */
export function blamedEvent(answer: HttpAnswer, count: number): { index: number; reason: string } | undefined {
  const { code, 'invalid-event-number': number } = membersOf(answer);
  if (answer.status === 413 && count === 1)
    return { index: 0, reason: 'Splunk does not accept an event of this size (413).' };
  const reason = answer.status === 400 && typeof code === 'number' ? eventCodes[code] : undefined;
  if (reason === undefined) return undefined;
  // A request of one event needs no number.
  const index = count === 1 ? 0 : number;
  if (typeof index !== 'number' || !Number.isInteger(index) || index < 0 || index >= count) return undefined;
  return { index, reason: `Splunk refuses it: ${reason} (code ${String(code)}).` };
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
