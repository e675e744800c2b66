import { arrayElements, objectMembers, type Slice } from '../json-slices.js';
import { UnreadableAnswer } from './unreadable.js';

/**
 * Decodes a body, and tells which elements of its member `list` contain invalid UTF-8, which becomes U+FFFD in the
 * text. The structure of JSON is ASCII, so the elements have the same order in the bytes.
 */
export function decodeAnswer(body: Uint8Array, list: string): { text: string; invalid: (index: number) => boolean } {
  const text = strictUtf8(body);
  if (text !== null) return { text, invalid: () => false };
  let events: Slice[] | undefined;
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

function slicesOfList(text: string, list: string): Slice[] {
  // A byte order mark may precede the object.
  return arrayElements(text, objectMembers(text, text.indexOf('{')).get(list)!.start);
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
