import { getHeapStatistics } from 'node:v8';

/** Heap that one value of a parsed text can take, with its key and with the slices and maps that are made of it; bytes. */
const bytesPerValue = 512;

/** Heap that a value still takes once it is parsed, with what is made of it. */
const bytesPerKeptValue = 128;

/** Share of the heap for the text of one answer. A text that is not Latin-1 takes twice its bytes, and is read twice. */
const textShare = 16;

/** The most that a process accepts as one answer of a server, so that reading it cannot exhaust its heap. */
interface AnswerLimits {
  bodyBytesMax: number;
  valuesMax: number;
}

/** @param heapBytes what the heap may grow to, by `--max-old-space-size` or by the machine */
export function answerLimits(heapBytes: number = getHeapStatistics().heap_size_limit): AnswerLimits {
  return {
    bodyBytesMax: Math.min(64 * 1024 * 1024, Math.floor(heapBytes / textShare)),
    valuesMax: Math.floor(heapBytes / bytesPerValue),
  };
}

const quote = 0x22;
const comma = 0x2c;
const openBracket = 0x5b;
const backslash = 0x5c;
const openBrace = 0x7b;

/** Thrown in place of parsing an answer that would not fit into the heap. */
export class TooManyValues extends RangeError {
  readonly most: number;

  constructor(most: number) {
    super(`More than ${most} JSON values.`);
    this.most = most;
  }
}

/**
 * Call it before an answer is decoded or parsed.
 * @throws TooManyValues
 */
export function refuseTooManyValues(body: Uint8Array, { valuesMax } = answerLimits()): void {
  if (hasMoreValues(body, valuesMax)) throw new TooManyValues(valuesMax);
}

/**
 * Parses the body of an answer that is not a page.
 * @throws TooManyValues; SyntaxError as `JSON.parse` does
 */
export function parseBody(body: Uint8Array): unknown {
  refuseTooManyValues(body);
  return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'));
}

const weights = new WeakMap<Uint8Array, number>();

/** Memory that an answer takes once it is parsed: its bytes, its text (which may not be Latin-1), and at most its values. */
export function heapWeight(body: Uint8Array): number {
  let weight = weights.get(body);
  if (weight === undefined) {
    weight = 3 * body.byteLength + bytesPerKeptValue * marksIn(body, answerLimits().valuesMax);
    weights.set(body, weight);
  }
  return weight;
}

/** The number of marks that values may begin with, also in strings, up to `most`. Far quicker than counting the values. */
function marksIn(body: Uint8Array, most: number): number {
  let marks = 1;
  for (const mark of [comma, openBrace, openBracket]) {
    for (let at = body.indexOf(mark); at !== -1 && marks < most; at = body.indexOf(mark, at + 1)) marks += 1;
  }
  return marks;
}

/**
 * True if a text has more than `most` JSON values. It is counted in the bytes, before anything is parsed: 60 MB of `{}`
 * become gigabytes. The text need not be valid JSON.
 */
function hasMoreValues(body: Uint8Array, most: number): boolean {
  // A value takes at least its own byte and the comma or bracket before it.
  if (body.byteLength / 2 < most) return false;
  let values = 1;
  let inString = false;
  for (let at = 0; at < body.length; at += 1) {
    const byte = body[at]!;
    if (inString) {
      if (byte === backslash) at += 1;
      else if (byte === quote) inString = false;
    } else if (byte === quote) inString = true;
    else if (byte === comma || byte === openBrace || byte === openBracket) {
      values += 1;
      if (values > most) return true;
    }
  }
  return false;
}
