import { UnreadableAnswer } from './unreadable.js';

/** Strict UTF-8; where that fails, bytes that fit nowhere become U+FFFD, and the events that hold one are rejects. */
export function decodeAnswer(body: Uint8Array): { text: string; lossy: boolean } {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(body), lossy: false };
  } catch {
    return { text: new TextDecoder('utf-8').decode(body), lossy: true };
  }
}

/** @throws UnreadableAnswer where the text is no JSON. */
export function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const looks = /^\s*</.test(text) ? 'HTML or XML' : text === '' ? 'empty' : 'not JSON, or cut off';
    // The parser's own message quotes what it read, which may be an event.
    throw new UnreadableAnswer(`An answer with status 200 is ${looks}.`, text, new Error((error as Error).name));
  }
}
