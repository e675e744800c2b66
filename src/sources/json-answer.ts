import { TrawlError } from '../errors.js';
import { objectWithList, type Slice } from '../json-slices.js';
import { refuseTooManyValues, type TooManyValues } from '../json-weight.js';
import { UnreadableAnswer } from './unreadable.js';

/** Ten times the most that a setting allows to ask for: a source may give a little more, but not a flood. */
const eventsMax = 10_000;

/**
 * The error for an answer that is larger than a page can be. A smaller page is then asked for.
 * @param what completes "The answer of the source holds"
 */
export function tooMuch(what: string, cause?: unknown): TrawlError {
  return new TrawlError('PAGE_TOO_LARGE', `The answer of the source holds ${what}.`, {
    hint: 'If smaller pages (searchCount) are no smaller, the source or a proxy in between ignores their size: check the base URL, or ask the vendor.',
    cause,
  });
}

/** @throws TrawlError PAGE_TOO_LARGE if there are far more events than can be asked for */
export function refuseTooManyEvents(events: readonly unknown[]): void {
  if (events.length > eventsMax) throw tooMuch(`${events.length} events, of which Trawl accepts ${eventsMax}`);
}

/**
 * Decodes a body, and tells which elements of its member `list` contain invalid UTF-8, which becomes U+FFFD in the
 * text. The structure of JSON is ASCII, so the elements have the same order in the bytes.
 *
 * @throws TrawlError PAGE_TOO_LARGE if the body would become too much in memory
 */
export function decodeAnswer(body: Uint8Array, list: string): { text: string; invalid: (index: number) => boolean } {
  try {
    refuseTooManyValues(body);
  } catch (error) {
    const { most } = error as TooManyValues;
    throw tooMuch(`more than ${most} JSON values, which do not fit into the memory of this process`, error);
  }
  const text = strictUtf8(body);
  if (text !== null) return { text, invalid: () => false };
  let events: readonly Slice[] | undefined;
  const invalid = (index: number) => {
    events ??= slicesOfList(Buffer.from(body).toString('latin1'), list);
    const slice = events[index];
    return slice !== undefined && strictUtf8(body.subarray(slice.start, slice.end)) === null;
  };
  return { text: new TextDecoder('utf-8').decode(body), invalid };
}

function strictUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

function slicesOfList(text: string, list: string): readonly Slice[] {
  // A byte order mark may precede the object.
  return objectWithList(text, text.indexOf('{'), list).elements;
}

/** @throws UnreadableAnswer if the text is not JSON */
export function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const looks = /^\s*</.test(text) ? 'HTML or XML' : text === '' ? 'empty' : 'not JSON, or cut off';
    // The parser's own message quotes its input, which may be an event.
    throw new UnreadableAnswer(`An answer with status 200 is ${looks}.`, text, new Error((error as Error).name));
  }
}
