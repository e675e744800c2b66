/**
 * Positions of values within a JSON text, so that a value can be kept byte for byte as the source sent it: numbers
 * beyond 2^53, trailing zeros and escapes are preserved. The text must be valid JSON (`JSON.parse` accepts it).
 * Nothing here recurses, so only memory limits the depth.
 */
export interface Slice {
  start: number;
  /** Position after the last character. */
  end: number;
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** The members of the object at `start`. For a duplicate key the last member counts, as in `JSON.parse`. */
export function objectMembers(text: string, start: number): Map<string, Slice> {
  const members = new Map<string, Slice>();
  eachMember(text, start, (key, at) => kept(members, key, { start: at, end: skipValue(text, at) }));
  return members;
}

/** The same, with the elements of its member `list`, without reading that member twice; none if it is no array. */
export function objectWithList(
  text: string,
  start: number,
  list: string,
): { members: Map<string, Slice>; elements: readonly Slice[] } {
  const members = new Map<string, Slice>();
  let elements: Slice[] = [];
  eachMember(text, start, (key, at) => {
    if (key !== list) return kept(members, key, { start: at, end: skipValue(text, at) });
    elements = [];
    const end = text.charCodeAt(at) === openBracket ? eachElement(text, at, elements) : skipValue(text, at);
    return kept(members, key, { start: at, end });
  });
  return { members, elements };
}

/** The last member of this name in the object at `start`, as in `JSON.parse`; undefined if there is none. */
export function memberOf(text: string, start: number, name: string): Slice | undefined {
  let found: Slice | undefined;
  eachMember(text, start, (key, at) => {
    const end = skipValue(text, at);
    if (key === name) found = { start: at, end };
    return end;
  });
  return found;
}

/** Every member of the object at `start`, in order and with duplicate keys. */
export function objectEntries(text: string, start: number): [string, Slice][] {
  const members: [string, Slice][] = [];
  eachMember(text, start, (key, at) => {
    const end = skipValue(text, at);
    members.push([key, { start: at, end }]);
    return end;
  });
  return members;
}

/** The elements of the array at `start`. */
export function arrayElements(text: string, start: number): Slice[] {
  const elements: Slice[] = [];
  eachElement(text, start, elements);
  return elements;
}

function kept(members: Map<string, Slice>, key: string, slice: Slice): number {
  members.set(key, slice);
  return slice.end;
}

/** @param endOf takes a member whose value begins at `at`, and returns where it ends */
function eachMember(text: string, start: number, endOf: (key: string, at: number) => number): void {
  let at = skipSpace(text, start + 1);
  while (text.charCodeAt(at) !== closeBrace) {
    const keyEnd = skipString(text, at);
    const key = keyText(text, at, keyEnd);
    at = skipSpace(text, endOf(key, skipSpace(text, skipSpace(text, keyEnd) + 1)));
    if (text.charCodeAt(at) === comma) at = skipSpace(text, at + 1);
  }
}

/** Returns the position after the array. */
function eachElement(text: string, start: number, elements: Slice[]): number {
  let at = skipSpace(text, start + 1);
  while (text.charCodeAt(at) !== closeBracket) {
    const end = skipValue(text, at);
    elements.push({ start: at, end });
    at = skipSpace(text, end);
    if (text.charCodeAt(at) === comma) at = skipSpace(text, at + 1);
  }
  return at + 1;
}

/** Returns the position of the first character from `start` on that is not white space. */
export function skipSpace(text: string, start: number): number {
  let at = start;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return at;
    at += 1;
  }
}

function keyText(text: string, start: number, end: number): string {
  const raw = text.slice(start + 1, end - 1);
  return raw.includes('\\') ? (JSON.parse(text.slice(start, end)) as string) : raw;
}

function skipValue(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === quote) return skipString(text, start);
  if (first !== openBrace && first !== openBracket) return skipPrimitive(text, start);
  let depth = 0;
  let at = start;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      at = skipString(text, at);
      continue;
    }
    at += 1;
    if (code === openBrace || code === openBracket) depth += 1;
    else if (code === closeBrace || code === closeBracket) {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
}

/** Returns the position after the string whose opening quote is at `start`. */
export function skipString(text: string, start: number): number {
  let at = start + 1;
  for (;;) {
    at = text.indexOf('"', at);
    let before = at - 1;
    while (text.charCodeAt(before) === backslash) before -= 1;
    at += 1;
    if ((at - before) % 2 === 0) return at;
  }
}

export function skipPrimitive(text: string, start: number): number {
  let at = start;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === comma || code === closeBrace || code === closeBracket || code <= 0x20) return at;
    at += 1;
  }
  return at;
}
