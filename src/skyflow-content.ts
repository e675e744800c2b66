import { arrayElements, objectEntries, type Slice, skipSpace } from './json-slices.js';

/** Placeholder for omitted content in an event. */
export const leftOutText = '[left out by Trawl: set skyflowKeepContent=true to keep it]';

const marker = JSON.stringify(leftOutText);

/**
 * Replaces `request.data.content` and `response.data.content` in each event of a page's body. Every other byte stays;
 * duplicate members are all replaced. A member that does not follow the contract (a `data` that is not an object, an
 * event that is a string) is replaced as a whole, since it may contain content. `null` and the empty string stay.
 *
 * @param body valid JSON, read byte by byte: the structure of JSON is ASCII, so bytes that are not UTF-8 stay too.
 */
export function withoutContent(body: Uint8Array): Uint8Array {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1');
  const root = firstValue(text);
  if (text[root] !== '{') return body;
  const cuts = objectEntries(text, root).flatMap(([name, list]) => (name === 'event' ? cutsOfList(text, list) : []));
  return cuts.length === 0 ? body : Buffer.from(spliced(text, cuts), 'latin1');
}

/** Skips a byte order mark before the first value. */
function firstValue(text: string): number {
  return skipSpace(text, text.startsWith('\u00ef\u00bb\u00bf') ? 3 : 0);
}

/** Placeholder in a schema's record for content that is never offloaded in it. */
const notOffloaded = JSON.stringify('[left out by Trawl]');

/**
 * A raw event that is safe in schemas for other readers: without content, even if the store keeps it, and without the
 * query of its URI, which may contain values of the vault too. A value that is not an object is replaced as a whole.
 *
 * @param rawEvent valid JSON.
 */
export function eventWithoutContent(rawEvent: string): string {
  const event = { start: skipSpace(rawEvent, 0), end: rawEvent.length };
  const cuts = cutsOfEvent(rawEvent, event);
  const kept = cuts.length === 0 ? rawEvent : spliced(rawEvent, cuts, notOffloaded);
  return withoutQuery(kept);
}

function withoutQuery(event: string): string {
  if (!/[?#]|\\u00(?:3f|23)/i.test(event)) return event;
  const uris = within(event, { start: skipSpace(event, 0), end: event.length }, ['request'], (request) =>
    within(event, request, ['httpInfo'], (info) => within(event, info, ['URI'], (uri) => [uri], none), none),
  );
  let result = '';
  let at = 0;
  for (const { start, end } of uris) {
    const uri = JSON.parse(event.slice(start, end)) as unknown;
    const path = typeof uri === 'string' ? uri.split(/[?#]/, 1)[0]! : uri;
    result += event.slice(at, start) + (path === uri ? event.slice(start, end) : JSON.stringify(`${path}?[left out]`));
    at = end;
  }
  return result + event.slice(at);
}

function none(): Slice[] {
  return [];
}

function cutsOfList(text: string, list: Slice): Slice[] {
  if (text[list.start] === '{') return cutsOfEvent(text, list);
  if (text[list.start] !== '[') return cutWhole(text, list);
  return arrayElements(text, list.start).flatMap((event) => cutsOfEvent(text, event));
}

function cutsOfEvent(text: string, event: Slice): Slice[] {
  return within(text, event, ['request', 'response'], (half) =>
    within(text, half, ['data'], (data) => within(text, data, ['content'], (content) => cutWhole(text, content))),
  );
}

/** Collects the cuts in the named members. `otherwise` handles a value that is not an object: by default it is cut. */
function within(
  text: string,
  value: Slice,
  names: readonly string[],
  cuts: (member: Slice) => Slice[],
  otherwise: (text: string, value: Slice) => Slice[] = cutWhole,
): Slice[] {
  if (text[value.start] !== '{') return otherwise(text, value);
  return objectEntries(text, value.start).flatMap(([name, member]) => (names.includes(name) ? cuts(member) : []));
}

function cutWhole(text: string, value: Slice): Slice[] {
  const written = text.slice(value.start, value.end);
  return ['null', '""', marker, notOffloaded].includes(written) ? [] : [value];
}

function spliced(text: string, cuts: readonly Slice[], mark = marker): string {
  const parts: string[] = [];
  let at = 0;
  for (const { start, end } of cuts) {
    parts.push(text.slice(at, start), mark);
    at = end;
  }
  return parts.join('') + text.slice(at);
}

/**
 * Shortens a response that is not a page but may be half of one: keeps its length and, of a JSON object, the beginning
 * up to where an event might start. HTML or XML does not come from this API: more of it is kept, to show who answered.
 */
export function answerWithoutContent(text: string, status: number): string {
  const kept = beginning(text);
  return `[status ${status}, ${text.length} characters, of which Trawl keeps the first ${kept.length}] ${kept}`;
}

function beginning(text: string): string {
  if (/^\s*</.test(text)) return text.slice(0, 4_096);
  if (!/^\s*\{/.test(text)) return '';
  const start = text.slice(0, 200);
  // A backslash may be part of a name written with escapes.
  const end = start.search(/event|data|content|req|resp|\\/i);
  return end === -1 ? start : start.slice(0, end);
}
