import { type ErrorCode, TrawlError } from '../errors.js';
import type { HttpAnswer, HttpClient, HttpRequest } from '../http/client.js';
import { askedWaitMs } from '../http/status.js';
import { jsonObjectOf } from '../json-values.js';

interface StatusRule {
  code: ErrorCode;
  hint: string;
}

const unavailable: StatusRule = {
  code: 'SINK_UNAVAILABLE',
  hint: 'It is usually temporary and is tried again; nothing is lost meanwhile.',
};

const tooMany: StatusRule = {
  code: 'SINK_UNAVAILABLE',
  hint: 'It is tried again when the sink allows; if it stays so, give the sink more room or send less at once.',
};

/** What an answer's status means, where the sink says nothing more exact; from 500 on the others are temporary. */
export const sinkStatusRules: Readonly<Record<number, StatusRule>> = {
  401: { code: 'SINK_REFUSED', hint: 'Check the credentials of the sink: they are missing, wrong or have expired.' },
  403: { code: 'SINK_REFUSED', hint: 'Give the credentials of the sink the right to write there.' },
  404: { code: 'SINK_REFUSED', hint: 'Check url of the sink: there is nothing at that address.' },
  407: { code: 'SINK_REFUSED', hint: 'The proxy wants to be signed in to: check HTTPS_PROXY.' },
  408: unavailable,
  413: {
    code: 'SINK_REFUSED',
    hint: 'The request is too large: lower maxBytes or batchEvents of the sink, or raise the limit there.',
  },
  425: unavailable,
  429: tooMany,
  499: unavailable,
  503: tooMany,
  507: { code: 'SINK_FULL', hint: 'Make room at the sink; sending goes on by itself.' },
};

/**
 * One request.
 * @throws TrawlError SINK_UNAVAILABLE where no complete answer came, SINK_ANSWER_UNREADABLE where it is too long; the
 *   signal's own reason where it was aborted. An answer with any status is returned.
 */
export async function ask(http: HttpClient, request: HttpRequest, place: string): Promise<HttpAnswer> {
  try {
    return await http.request(request);
  } catch (error) {
    if (!(error instanceof TrawlError)) throw error;
    if (error.code === 'PAGE_TOO_LARGE') throw unreadable(place, 'too long', error);
    throw new TrawlError('SINK_UNAVAILABLE', error.message, { hint: error.hint, cause: error.cause });
  }
}

export function isSuccess({ status }: HttpAnswer): boolean {
  return status >= 200 && status < 300;
}

/** What an answer that is no success stands for. Its body is not in it. */
export function statusError(
  answer: HttpAnswer,
  place: string,
  hints: Readonly<Record<number, string>> = {},
): TrawlError {
  const { status } = answer;
  const rule = sinkStatusRules[status] ?? (status >= 500 ? unavailable : otherRule(status));
  return new TrawlError(rule.code, `${place} answered ${status}.`, {
    hint: hints[status] ?? rule.hint,
    retryAfterMs: askedWaitMs(answer),
  });
}

function otherRule(status: number): StatusRule {
  const redirected = status >= 300 && status < 400;
  return {
    code: 'SINK_REFUSED',
    hint: redirected
      ? 'Set url of the sink to where it leads: redirects are not followed.'
      : 'Check the settings of the sink: this is no answer of what is expected there.',
  };
}

/**
 * The JSON of an answer; undefined where its body is empty.
 * @throws TrawlError SINK_ANSWER_UNREADABLE
 */
export function jsonOf(answer: HttpAnswer, place: string): unknown {
  const text = Buffer.from(answer.body).toString('utf8').trim();
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw unreadable(place, text.startsWith('<') ? 'HTML or XML' : 'not JSON');
  }
}

/** The members of an answer that should be an object of JSON, for looking into; none where it is something else. */
export function membersOf(answer: HttpAnswer): Readonly<Record<string, unknown>> {
  try {
    return jsonObjectOf(JSON.parse(Buffer.from(answer.body).toString('utf8')));
  } catch {
    return {};
  }
}

/** An answer that says yes by its status, and is none of the expected service. */
export function unreadable(place: string, what: string, cause?: unknown): TrawlError {
  return new TrawlError('SINK_ANSWER_UNREADABLE', `The answer of ${place} is ${what}, so nothing is confirmed.`, {
    hint: 'Check url of the sink and any proxy between; the same events are sent again.',
    cause,
  });
}
