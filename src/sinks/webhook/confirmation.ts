import type { HttpAnswer } from '../../http/client.js';
import { isJsonObject } from '../../json-values.js';
import { parseBody, refuseTooManyValues } from '../../json-weight.js';

/** How a receiver confirms: by its whole answer, by the status alone, or by one member of its JSON. */
export type Confirmation =
  | { by: 'answer' }
  | { by: 'status' }
  /** @param path the parts of a JSON pointer (RFC 6901) */
  | { by: 'member'; pointer: string; path: readonly string[]; value: string };

/**
 * What an answer with a success status says. `no` may say why, and with which status of its own; `unclear` says what came
 * instead of a confirmation.
 */
type Said = { yes: true } | { no: unknown; status?: number } | { unclear: string };

const yes: Said = { yes: true };

/** Longer texts are pages or reports, not confirmations. Bytes. */
const plainTextMax = 64;

/** Parses `answer`, `status` or `/pointer=value`; undefined if it is none of these. */
export function confirmationOf(text: string): Confirmation | undefined {
  if (text === 'answer' || text === 'status') return { by: text };
  const [, pointer, value] = /^((?:\/(?:[^~/=]|~[01])*)+)=(.+)$/s.exec(text) ?? [];
  if (pointer === undefined || value === undefined) return undefined;
  const path = pointer.slice(1).split('/');
  return { by: 'member', pointer, path: path.map((part) => part.replace(/~1/g, '/').replace(/~0/g, '~')), value };
}

/** Judges an answer with a success status. */
export function judged(answer: HttpAnswer, confirmation: Confirmation): Said {
  if (confirmation.by === 'status') return yes;
  const text = Buffer.from(answer.body).toString('utf8').trim();
  if (text.startsWith('<')) return { unclear: 'HTML or XML' };
  if (confirmation.by === 'answer' && text === '') return yes;
  try {
    refuseTooManyValues(answer.body);
  } catch {
    return { unclear: 'too large' };
  }
  let said: unknown;
  try {
    said = parseBody(answer.body);
  } catch {
    if (confirmation.by === 'answer' && isPlainText(answer)) return ofText(text);
    return { unclear: text === '' ? 'empty' : 'not JSON' };
  }
  return confirmation.by === 'member' ? ofMember(said, confirmation) : ofJson(said, answer);
}

function isPlainText({ headers }: HttpAnswer): boolean {
  const [type = 'text/plain'] = headers['content-type'] ?? [];
  return /^text\/plain\s*(;|$)/i.test(type.trim());
}

/** Such as `ok`: some receivers answer with a word. */
function ofText(text: string): Said {
  if (Buffer.byteLength(text) > plainTextMax || text.includes('<')) return { unclear: 'a long text' };
  return isNegative(text) ? { no: text } : yes;
}

function isNegative(text: string): boolean {
  return /\b(error|errors|fail(ed|ure)?|refused|rejected|denied|invalid|unauthorized|not|no)\b/i.test(text);
}

function ofJson(said: unknown, answer: HttpAnswer): Said {
  if (isJsonObject(said)) return ofObject(said);
  if (said === true) return yes;
  if (said === null || said === false || (Array.isArray(said) && said.length === 0)) return { no: undefined };
  // One for each event, for example.
  if (Array.isArray(said) && said.every(isJsonObject)) return ofAll(said.map(ofObject));
  if (typeof said === 'string') return isPlainText(answer) || said.length <= plainTextMax ? ofText(said) : unclearJson;
  return unclearJson;
}

/** With a status only if none says yes: of a request that is stored in part, no half may be sent again. */
function ofAll(all: readonly Said[]): Said {
  const no = all.find((one) => 'no' in one);
  if (no === undefined || all.every((one) => 'no' in one)) return no ?? yes;
  return { no: no.no };
}

const unclearJson: Said = { unclear: 'JSON that confirms nothing' };

function ofObject(said: Readonly<Record<string, unknown>>): Said {
  const { ok = true, success = true, error, errors, status, code } = said;
  const problem = [error, errors === 0 ? undefined : errors].find(isProblem);
  const isRefused =
    !isTrue(ok) ||
    !isTrue(success) ||
    problem !== undefined ||
    isFailure(status) ||
    isErrorStatus(status) ||
    isErrorStatus(code);
  if (!isRefused) return yes;
  const own = [status, code].find(isErrorStatus);
  return { no: problem ?? said, ...(own === undefined ? {} : { status: Number(own) }) };
}

function isTrue(flag: unknown): boolean {
  return typeof flag === 'string' ? !/^(false|no|0|)$/i.test(flag) : Boolean(flag);
}

function isProblem(said: unknown): boolean {
  if (Array.isArray(said)) return said.length > 0;
  return said !== undefined && said !== null && said !== false && said !== '';
}

function isFailure(status: unknown): boolean {
  return typeof status === 'string' && /^(error|fail|failed|failure)$/i.test(status);
}

function isErrorStatus(code: unknown): boolean {
  return ['number', 'string'].includes(typeof code) && Number(code) >= 400;
}

function ofMember(said: unknown, { path, pointer, value }: Confirmation & { by: 'member' }): Said {
  let member = said;
  for (const part of path) {
    const isInside = typeof member === 'object' && member !== null && Object.hasOwn(member, part);
    member = isInside ? (member as Readonly<Record<string, unknown>>)[part] : undefined;
  }
  if (member === undefined) return { unclear: `JSON without ${pointer}` };
  const text = typeof member === 'string' ? member : JSON.stringify(member);
  return text === value ? yes : { no: isJsonObject(said) ? (said.error ?? said) : undefined };
}
