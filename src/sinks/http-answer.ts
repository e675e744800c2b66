import { type ErrorCode, TrawlError } from '../errors.js';
import type { HttpAnswer, HttpClient, HttpRequest } from '../http/client.js';
import { proxyHint } from '../http/proxy-failures.js';
import { askedWaitMs } from '../http/status.js';
import { jsonObjectOf } from '../json-values.js';
import { parseBody, refuseTooManyValues } from '../json-weight.js';

interface StatusRule {
  code: ErrorCode;
  hint: string;
}

const unavailable: StatusRule = {
  code: 'SINK_UNAVAILABLE',
  hint: 'This is usually temporary; the batch is retried, and nothing is lost meanwhile.',
};

const tooMany: StatusRule = {
  code: 'SINK_UNAVAILABLE',
  hint: 'The batch is retried when the sink allows; if this persists, give the sink more capacity or send less at once.',
};

/** Meaning of a status, unless the sink says something more specific. Others from 500 on are temporary. */
const sinkStatusRules: Readonly<Record<number, StatusRule>> = {
  401: { code: 'SINK_REFUSED', hint: 'Check the credentials of the sink: they are missing, wrong or expired.' },
  403: { code: 'SINK_REFUSED', hint: "Grant the sink's credentials the permission to write there." },
  404: { code: 'SINK_REFUSED', hint: 'Check url of the sink: there is nothing at that address.' },
  407: { code: 'SINK_REFUSED', hint: 'The proxy requires authentication: check HTTPS_PROXY.' },
  408: unavailable,
  413: {
    code: 'SINK_REFUSED',
    hint: 'The request is too large: lower maxBytes or batchEvents of the sink, or raise the limit there.',
  },
  425: unavailable,
  429: tooMany,
  499: unavailable,
  503: tooMany,
  507: { code: 'SINK_FULL', hint: 'Free space at the sink; sending then resumes.' },
};

/**
 * Makes one request and returns the answer, whatever its status.
 * @throws TrawlError SINK_UNAVAILABLE if no complete answer arrived, SINK_SLOW if it took longer than `answerMaxMs`, SINK_REFUSED if a proxy
 *   refuses, SINK_ANSWER_UNREADABLE if it is too long; the signal's own reason if it was aborted
 */
export async function ask(http: HttpClient, request: HttpRequest, place: string): Promise<HttpAnswer> {
  try {
    return await http.request(request);
  } catch (error) {
    if (!(error instanceof TrawlError)) throw error;
    if (error.code === 'PAGE_TOO_LARGE') throw unreadable(place, 'too long', error);
    if (error.tooMuch && request.answerMaxMs !== undefined) throw slow(error.message, error);
    const code = error.code === 'PROXY_REFUSED' ? 'SINK_REFUSED' : 'SINK_UNAVAILABLE';
    throw new TrawlError(code, error.message, { hint: error.hint, cause: error.cause });
  }
}

/** The receiver may have the events, so that they may be there twice. */
export function slow(message: string, cause?: unknown): TrawlError {
  const hint =
    'The receiver may have the events anyway; they are sent again. If it is only slow, raise timeoutSeconds of the sink.';
  return new TrawlError('SINK_SLOW', message, { hint, cause });
}

export function isSuccess({ status }: HttpAnswer): boolean {
  return status >= 200 && status < 300;
}

/** The error for an unsuccessful answer. It does not contain the body. */
export function statusError(
  answer: HttpAnswer,
  place: string,
  hints: Readonly<Record<number, string>> = {},
): TrawlError {
  const { status } = answer;
  const rule = sinkStatusRules[status] ?? (status >= 500 ? unavailable : otherRule(status));
  return new TrawlError(rule.code, `${place} answered ${status}.`, {
    hint: `${hints[status] ?? rule.hint}${proxyHint(answer)}`,
    retryAfterMs: askedWaitMs(answer),
  });
}

function otherRule(status: number): StatusRule {
  const redirected = status >= 300 && status < 400;
  return {
    code: 'SINK_REFUSED',
    hint: redirected
      ? 'Set url of the sink to the target of the redirect: redirects are not followed.'
      : 'Check the settings of the sink: the response does not look like the expected service.',
  };
}

/**
 * Parses the JSON of an answer; undefined if its body is empty.
 * @throws TrawlError SINK_ANSWER_UNREADABLE
 */
export function jsonOf({ body }: HttpAnswer, place: string): unknown {
  try {
    refuseTooManyValues(body);
  } catch (error) {
    throw unreadable(place, 'too large', error);
  }
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8').trim();
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw unreadable(place, text.startsWith('<') ? 'HTML or XML' : 'not JSON');
  }
}

/** The members of an answer that should be a JSON object; none if it is something else. */
export function membersOf(answer: HttpAnswer): Readonly<Record<string, unknown>> {
  try {
    return jsonObjectOf(parseBody(answer.body));
  } catch {
    return {};
  }
}

/** Error for an answer with a success status that did not come from the expected service. */
export function unreadable(
  place: string,
  what: string,
  cause?: unknown,
  hint = 'Check url of the sink and any proxy in between; the same events are sent again.',
): TrawlError {
  return new TrawlError('SINK_ANSWER_UNREADABLE', `The answer from ${place} is ${what}, so nothing is confirmed.`, {
    hint,
    cause,
  });
}
