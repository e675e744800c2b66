import { GrowingBytes } from './growing-bytes.js';

/** A member of the line and the content of its column. `JSON` is copied as is, but on one line; null is left out. */
export interface Member {
  name: string;
  holds: 'text' | 'JSON';
}

/**
 * Converts the bytes of `COPY … TO STDOUT (FORMAT binary)`, whose columns are all texts, to lines of JSON. It works on
 * bytes: most texts are short and need no escape, so that JavaScript strings would take more time than everything else.
 */
export class CopiedLines {
  readonly #members: readonly { begin: Uint8Array; isText: boolean }[];

  constructor(members: readonly Member[]) {
    this.#members = members.map(({ name, holds }, index) => ({
      begin: Buffer.from(`${index === 0 ? '{' : ','}${JSON.stringify(name)}:`),
      isText: holds === 'text',
    }));
  }

  /** @param lastColumn the column whose value in the last row is returned as `last`; empty if there is no row */
  of(copied: Buffer, lastColumn: number): { bytes: Uint8Array; rows: number; last: string } {
    const lines = new Lines(copied);
    let rows = 0;
    let last = '';
    let at = signatureBytes + 4;
    at += 4 + copied.readInt32BE(at);
    // Each row begins with its number of fields; -1 marks the end.
    while (copied.readInt16BE(at) !== -1) {
      at += 2;
      rows += 1;
      for (let index = 0; index < this.#members.length; index += 1) {
        const { begin, isText } = this.#members[index]!;
        const from = at + 4;
        const bytes = copied.readInt32BE(at);
        at = from + Math.max(0, bytes);
        if (index === lastColumn) last = copied.toString('latin1', from, at);
        if (bytes < 0) continue;
        lines.add(begin);
        if (isText) lines.addText(from, at);
        else lines.addOnOneLine(from, at);
      }
      lines.add(lineEnd);
    }
    return { bytes: lines.written(), rows, last };
  }
}

const signatureBytes = 11;
const lineEnd = Buffer.from('}\n');
const blank = 0x20;
const quote = 0x22;
const backslash = 0x5c;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

class Lines extends GrowingBytes {
  readonly #copied: Buffer;

  constructor(copied: Buffer) {
    super(copied.byteLength * 2);
    this.#copied = copied;
  }

  addText(from: number, end: number): void {
    this.reserve(end - from + 2);
    const { buffer } = this;
    const copied = this.#copied;
    let to = this.length;
    buffer[to++] = quote;
    for (let at = from; at < end; at += 1) {
      const byte = copied[at]!;
      if (byte < blank || byte === quote || byte === backslash) {
        this.add(Buffer.from(JSON.stringify(copied.toString('utf8', from, end))));
        return;
      }
      buffer[to++] = byte;
    }
    buffer[to++] = quote;
    this.length = to;
  }

  addOnOneLine(from: number, end: number): void {
    const to = this.length;
    const copied = this.#copied;
    this.add(copied.subarray(from, end));
    for (let at = from; at < end; at += 1) {
      const byte = copied[at]!;
      if (byte === lineFeed || byte === carriageReturn) this.buffer[to + at - from] = blank;
    }
  }
}
