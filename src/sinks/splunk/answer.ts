import { type ErrorCode, TrawlError } from '../../errors.js';
import type { HttpAnswer } from '../../http/client.js';
import { askedWaitMs } from '../../http/status.js';
import { membersOf, statusError } from '../http-answer.js';

interface CodeRule {
  code: ErrorCode;
  says: string;
  hint: string;
}

const again = 'It is tried again by itself; if it stays so, look at the load and the queues of Splunk.';
const noAck = 'Set useAck=yes for the sink, or make a token without indexer acknowledgement.';

/** The collector's own codes, of which each says more than the status that it comes with. */
const codeRules: Readonly<Record<number, CodeRule>> = {
  1: {
    code: 'SINK_REFUSED',
    says: 'the token is disabled',
    hint: 'Enable it in Splunk: Settings, Data inputs, HTTP Event Collector.',
  },
  2: {
    code: 'SINK_REFUSED',
    says: 'no token came through',
    hint: 'Check the proxy between: it takes the Authorization header away.',
  },
  3: {
    code: 'SINK_REFUSED',
    says: 'it cannot read the token',
    hint: 'Set token to the token alone, as Splunk shows it.',
  },
  4: {
    code: 'SINK_REFUSED',
    says: 'it does not know the token',
    hint: 'Set token to one that this Splunk has: Settings, Data inputs, HTTP Event Collector.',
  },
  7: {
    code: 'SINK_REFUSED',
    says: 'the index does not exist or is not open to the token',
    hint: 'Set index to one of the indexes that the token allows, or allow it there.',
  },
  8: { code: 'SINK_UNAVAILABLE', says: 'it has an internal error', hint: again },
  9: { code: 'SINK_UNAVAILABLE', says: 'it is busy', hint: again },
  10: { code: 'SINK_REFUSED', says: 'the token wants indexer acknowledgement', hint: noAck },
  11: { code: 'SINK_REFUSED', says: 'the token wants indexer acknowledgement', hint: noAck },
  14: {
    code: 'SINK_REFUSED',
    says: 'the token has no indexer acknowledgement',
    hint: 'Enable it for the token in Splunk, or set useAck=no for the sink.',
  },
  18: { code: 'SINK_FULL', says: 'its queues are full', hint: again },
  19: { code: 'SINK_UNAVAILABLE', says: 'its acknowledgement service is not available', hint: again },
  20: { code: 'SINK_FULL', says: 'its queues are full', hint: again },
  23: { code: 'SINK_UNAVAILABLE', says: 'it shuts down', hint: again },
};

/** Codes that blame one event, which `invalid-event-number` names, with the reason in words. */
const eventCodes: Readonly<Record<number, string>> = {
  6: 'invalid data format',
  12: 'event field is required',
  13: 'event field cannot be blank',
  15: 'error in handling indexed fields',
};

/** Which event of a request the collector does not take, and why; undefined where the answer blames none. */
export function blamedEvent(answer: HttpAnswer, count: number): { index: number; reason: string } | undefined {
  const { code, 'invalid-event-number': number } = membersOf(answer);
  if (answer.status === 413 && count === 1) return { index: 0, reason: 'Splunk takes no event of this size (413).' };
  const reason = answer.status === 400 && typeof code === 'number' ? eventCodes[code] : undefined;
  if (reason === undefined) return undefined;
  // A request of one event needs no number.
  const index = count === 1 ? 0 : number;
  if (typeof index !== 'number' || !Number.isInteger(index) || index < 0 || index >= count) return undefined;
  return { index, reason: `Splunk refuses it: ${reason} (code ${String(code)}).` };
}

/** The code that stands for an empty request: whoever gets it has been let in. */
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

const formHint = 'Check index, sourcetype and host of the sink, and that url is that of the HTTP Event Collector.';
