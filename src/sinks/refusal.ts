import type { TrawlError } from '../errors.js';
import type { HttpAnswer } from '../http/client.js';
import { jsonObjectOf } from '../json-values.js';
import { printable } from '../printable.js';
import type { RequestRefused } from './delivery.js';
import { membersOf } from './http-answer.js';

/** Statuses by which a receiver refuses what a request contains, unless it names another cause. */
const ofContent: ReadonlySet<number> = new Set([400, 413, 422]);

/** Words by which web servers answer 400 if a client speaks no TLS, or lacks a certificate. */
const ofConnection = /plain HTTP|HTTP request to an HTTPS|SSL certificate/i;

const wordsMax = 200;
const openBrace = 0x7b;

/**
 * The refusal of a request's content.
 * @param error the error for the same answer
 * @param secrets of the sink, which the receiver may quote
 * @throws that error if the answer is not about the content
 */
export function contentRefused(
  answer: HttpAnswer,
  error: TrawlError,
  secrets: readonly (string | undefined)[],
): RequestRefused {
  if (!ofContent.has(answer.status) || isOfConnection(answer)) throw error;
  const words = wordsOf(answer, secrets);
  const reason = `The receiver answered ${answer.status}${words === '' ? '' : `: ${words}`}`;
  return { kind: 'refused', tooLarge: answer.status === 413, reason: `${reason.replace(/\.$/, '')}.`, error };
}

function isOfConnection({ status, body }: HttpAnswer): boolean {
  return status === 400 && body[0] !== openBrace && ofConnection.test(textOf(body));
}

/** The text of an answer that says why, safe for a terminal, on one line and without secrets. */
function wordsOf(answer: HttpAnswer, secrets: readonly (string | undefined)[]): string {
  const { error, message, text, detail, reason, title } = membersOf(answer);
  const { message: ofError, reason: why } = jsonObjectOf(error);
  const said = [error, ofError, why, message, text, detail, reason, title].find((one) => typeof one === 'string');
  return shortened(typeof said === 'string' ? said : bodyText(answer), secrets);
}

function bodyText({ body }: HttpAnswer): string {
  const text = textOf(body);
  if (!/^\s*</.test(text)) return text;
  const [, title = ''] = /<title>([^<]*)/i.exec(text) ?? [];
  return title;
}

function textOf(body: Uint8Array): string {
  return Buffer.from(body.subarray(0, 16_384)).toString('utf8');
}

/** A text of the receiver, without secrets, cut and made printable. */
export function shortened(text: string, secrets: readonly (string | undefined)[]): string {
  const shown = secrets
    .filter((secret) => secret !== undefined && secret.length >= 8)
    // If one secret contains another, the longer one comes first.
    .sort((a, b) => b!.length - a!.length)
    .reduce<string>((rest, secret) => rest.replaceAll(secret!, '[secret]'), text);
  return printable(shown.replace(/\s+/g, ' ').trim().slice(0, wordsMax).toWellFormed());
}
