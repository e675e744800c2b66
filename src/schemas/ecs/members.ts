import { parseJson } from '../../json-parse.js';
import { isJsonObject, textOf } from '../../json-values.js';
import type { Fields } from './fields.js';

/** Deeper levels become text; a `flattened` field of Elasticsearch allows 20. */
const depthMax = 10;

/** Limit for a key. A key and its parents are part of a term, whose length Elasticsearch limits. */
const keyCharactersMax = 256;

/**
 * Hands out the members of a JSON object to fields; `rest` returns those that were not taken. A member that does not
 * have the requested form is not taken, so nothing is lost.
 */
export class Members {
  readonly #members: Readonly<Record<string, unknown>>;
  readonly #taken = new Set<string>();
  readonly #inner = new Map<string, Members>();

  constructor(value: unknown) {
    this.#members = isJsonObject(value) ? value : {};
  }

  /** Returns whether the member exists and is not empty. */
  has(name: string): boolean {
    const value = this.#members[name];
    return value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0);
  }

  /** Like `text`, without taking the member. */
  peek(name: string): string | undefined {
    return filledText(this.#members[name]);
  }

  /** The texts of a list or of a comma-separated text, without empty ones, and without taking the member. */
  peekTexts(name: string): string[] {
    return [this.#members[name]]
      .flat()
      .flatMap((value) => (typeof value === 'string' ? value.split(',') : []))
      .map((value) => value.trim().toWellFormed())
      .filter((value) => value !== '');
  }

  /** The texts of these members, in lists and in comma-separated texts, without taking them. */
  peekAll(names: readonly string[]): string[] {
    const found: string[] = [];
    for (const name of names) {
      const value = this.#members[name];
      // Most members hold one text or nothing.
      if (typeof value === 'string' && !value.includes(',')) found.push(value.trim().toWellFormed());
      else if (typeof value === 'string' || Array.isArray(value))
        for (const text of this.peekTexts(name)) found.push(text);
    }
    return found;
  }

  /** Takes a non-empty text, a number as text, or the only element of a list. */
  text(name: string): string | undefined {
    const value = filledText(this.#members[name]);
    if (value !== undefined) this.#taken.add(name);
    return value;
  }

  /** Takes a text that matches the pattern. */
  matching(name: string, pattern: RegExp): string | undefined {
    const value = filledText(this.#members[name]);
    return value !== undefined && pattern.test(value) ? this.text(name) : undefined;
  }

  /** Takes a text or a list of texts, without empty ones. */
  texts(name: string): string[] {
    const values = [this.#members[name]].flat();
    if (values.length === 0 || !values.every((value) => typeof value === 'string')) return [];
    this.#taken.add(name);
    return values.filter((value) => value !== '').map((value) => value.toWellFormed());
  }

  /** The members of a nested object; none if it is not an object. Call once per name. */
  inner(name: string): Members {
    const value = this.#members[name];
    const inner = new Members(value);
    if (isJsonObject(value)) this.#inner.set(name, inner);
    return inner;
  }

  /** Like `inner`, but also takes, and so drops, a value that is not an object. */
  innerOnly(name: string): Members {
    if (!isJsonObject(this.#members[name])) this.#taken.add(name);
    return this.inner(name);
  }

  /** Takes a member of any type, and drops it. */
  drop(name: string): void {
    this.#taken.add(name);
  }

  /** Non-empty members that were not taken, in a form that a `flattened` field accepts; undefined if there are none. */
  rest(): Fields | undefined {
    const kept: [string, unknown][] = [];
    for (const name of Object.keys(this.#members)) {
      if (this.#taken.has(name) || !this.has(name)) continue;
      const inner = this.#inner.get(name);
      const value = inner ? inner.rest() : bounded(this.#members[name], depthMax - 1);
      if (value !== undefined) kept.push([keyOf(name), value]);
    }
    // Not by assignment: a member may be called __proto__.
    return kept.length === 0 ? undefined : Object.fromEntries(kept);
  }
}

/**
 * Parses a JSON text. Numbers whose digits a double would not preserve become texts. Undefined if the text is not JSON.
 */
export function parsed(text: string): unknown {
  try {
    return parseJson(withExactNumbers(text));
  } catch {
    return undefined;
  }
}

/** Matches a number, outside strings, of which a double may not preserve every digit. */
const doubtful = /\d{16}|\d[.eE]|-0/;
const numbers = /-?\d[\d.eE+-]*/g;

function withExactNumbers(text: string): string {
  let exact = '';
  let copied = 0;
  for (let start = 0; start < text.length; ) {
    const quote = text.indexOf('"', start);
    const end = quote === -1 ? text.length : quote;
    // Usually there is only a colon or a comma between two strings.
    if (end - start > 2 && doubtful.test(text.slice(start, end))) {
      exact += text.slice(copied, start) + text.slice(start, end).replace(numbers, exactly);
      copied = end;
    }
    start = quote === -1 ? end : afterString(text, quote);
  }
  return exact === '' ? text : exact + text.slice(copied);
}

function exactly(number: string): string {
  return String(Number(number)) === number ? number : `"${number}"`;
}

/** @param start index of its opening quotation mark */
function afterString(text: string, start: number): number {
  for (let at = start + 1; ; at += 1) {
    at = text.indexOf('"', at);
    if (at === -1) return text.length;
    let before = at - 1;
    while (text.charCodeAt(before) === 0x5c) before -= 1;
    if ((at - before) % 2 === 1) return at + 1;
  }
}

/** A list with a single text counts as that text. */
function filledText(value: unknown): string | undefined {
  const alone: unknown = Array.isArray(value) && value.length === 1 && typeof value[0] === 'string' ? value[0] : value;
  return textOf(alone)?.toWellFormed() || undefined;
}

/** @param levels how many more levels of objects and lists are allowed */
function bounded(value: unknown, levels: number): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value !== 'object' || value === null) return value;
  if (levels === 0) return jsonOf(value);
  if (Array.isArray(value)) return value.map((element) => bounded(element, levels - 1));
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [keyOf(name), bounded(inner, levels - 1)]));
}

function jsonOf(value: object): string {
  try {
    return JSON.stringify(value);
  } catch {
    return '[too deep: event.original has it]';
  }
}

/** Elasticsearch refuses a document with U+0000 in a key of a `flattened` field. */
function keyOf(name: string): string {
  return name.slice(0, keyCharactersMax).replaceAll('\u0000', '\ufffd').toWellFormed();
}
