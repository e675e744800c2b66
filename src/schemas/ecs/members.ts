import { parseJson } from '../../json-parse.js';
import { isJsonObject, textOf } from '../../json-values.js';
import type { Fields } from './fields.js';

/** Elasticsearch takes 20 levels of a `flattened` field; what lies deeper than this becomes text. */
const depthMax = 10;

/** Of a key: with all those above it, it is part of a term, whose length Elasticsearch bounds. */
const keyCharactersMax = 256;

/**
 * The members of a JSON object as they are given out to fields: `rest` is what was not taken. A member that is not of
 * the form that is asked for stays, so nothing is lost by asking.
 */
export class Members {
  readonly #members: Readonly<Record<string, unknown>>;
  readonly #taken = new Set<string>();
  readonly #inner = new Map<string, Members>();

  constructor(value: unknown) {
    this.#members = isJsonObject(value) ? value : {};
  }

  /** Whether there is something to read in it. */
  has(name: string): boolean {
    const value = this.#members[name];
    return value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0);
  }

  /** As `text`, and leaves it. */
  peek(name: string): string | undefined {
    return filledText(this.#members[name]);
  }

  /** The texts of a list, or of a text with commas; leaves them. */
  peekTexts(name: string): string[] {
    return [this.#members[name]]
      .flat()
      .flatMap((value) => (typeof value === 'string' ? value.split(',') : []))
      .map((value) => value.trim().toWellFormed());
  }

  /** Takes a text that is not empty, or a number as text; of a list, its only element. */
  text(name: string): string | undefined {
    const value = filledText(this.#members[name]);
    if (value !== undefined) this.#taken.add(name);
    return value;
  }

  /** Takes a text that fits. */
  matching(name: string, pattern: RegExp): string | undefined {
    const value = filledText(this.#members[name]);
    return value !== undefined && pattern.test(value) ? this.text(name) : undefined;
  }

  /** Takes a text, or a list of texts; empty ones are left out. */
  texts(name: string): string[] {
    const values = [this.#members[name]].flat();
    if (values.length === 0 || !values.every((value) => typeof value === 'string')) return [];
    this.#taken.add(name);
    return values.filter((value) => value !== '').map((value) => value.toWellFormed());
  }

  /** The members of a member: none where it is no object. To be asked for once. */
  inner(name: string): Members {
    const value = this.#members[name];
    const inner = new Members(value);
    if (isJsonObject(value)) this.#inner.set(name, inner);
    return inner;
  }

  /** As `inner`, but what is no object is taken, and so is in no field. */
  innerOnly(name: string): Members {
    if (!isJsonObject(this.#members[name])) this.#taken.add(name);
    return this.inner(name);
  }

  /** Takes a member, whatever it is. */
  drop(name: string): void {
    this.#taken.add(name);
  }

  /** What was not taken and is not empty, in a form that a `flattened` field takes; undefined where there is nothing. */
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
 * The value of a JSON text, in which numbers whose digits a double does not give back are texts; undefined where it is none.
 */
export function parsed(text: string): unknown {
  try {
    return parseJson(withExactNumbers(text));
  } catch {
    return undefined;
  }
}

/** Between strings: a number of which a double may not hold each digit. */
const doubtful = /\d{16}|\d[.eE]|-0/;
const numbers = /-?\d[\d.eE+-]*/g;

function withExactNumbers(text: string): string {
  let exact = '';
  let copied = 0;
  for (let start = 0; start < text.length; ) {
    const quote = text.indexOf('"', start);
    const end = quote === -1 ? text.length : quote;
    // Mostly nothing but a colon or a comma stands between two strings.
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

/** @param start its first quotation mark. */
function afterString(text: string, start: number): number {
  for (let at = start + 1; ; at += 1) {
    at = text.indexOf('"', at);
    if (at === -1) return text.length;
    let before = at - 1;
    while (text.charCodeAt(before) === 0x5c) before -= 1;
    if ((at - before) % 2 === 1) return at + 1;
  }
}

/** Of a list, its only element. */
function filledText(value: unknown): string | undefined {
  const alone: unknown = Array.isArray(value) && value.length === 1 && typeof value[0] === 'string' ? value[0] : value;
  return textOf(alone)?.toWellFormed() || undefined;
}

/** @param levels how many more objects and lists may lie in one another. */
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
