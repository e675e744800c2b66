import { GrowingBytes } from './growing-bytes.js';

/**
 * Rows as `COPY … FROM STDIN (FORMAT binary)` takes them: the server has nothing to parse, which is half its work
 * otherwise. Texts are written as they are; they must not hold NUL or halves of surrogate pairs.
 */
export class CopyRows extends GrowingBytes {
  constructor() {
    super(1 << 20);
    // Signature, flags, length of the header's extension.
    this.add(Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'));
    this.reserve(8);
    this.length = this.buffer.writeInt32BE(0, this.length);
    this.length = this.buffer.writeInt32BE(0, this.length);
  }

  /** Begins a row of so many fields. */
  row(fields: number): this {
    this.reserve(2);
    this.length = this.buffer.writeInt16BE(fields, this.length);
    return this;
  }

  text(value: string | null): this {
    // No character of UTF-16 takes more than three bytes.
    this.reserve(4 + (value?.length ?? 0) * 3);
    if (value === null) {
      this.length = this.buffer.writeInt32BE(-1, this.length);
      return this;
    }
    const bytes = this.buffer.write(value, this.length + 4, 'utf8');
    this.buffer.writeInt32BE(bytes, this.length);
    this.length += 4 + bytes;
    return this;
  }

  bytes(value: Uint8Array): this {
    this.reserve(4);
    this.length = this.buffer.writeInt32BE(value.byteLength, this.length);
    this.add(value);
    return this;
  }

  /** A `bigint` of SQL. */
  int8(value: bigint | number): this {
    this.reserve(12);
    this.length = this.buffer.writeInt32BE(8, this.length);
    this.length = this.buffer.writeBigInt64BE(BigInt(value), this.length);
    return this;
  }

  /** A `timestamptz`, to the microsecond. @param epochNs rounded towards 1970 */
  timestamp(epochNs: bigint): this {
    return this.int8(epochNs / 1_000n - microsecondsTo2000);
  }

  /** All of it, once. */
  end(): Buffer {
    this.reserve(2);
    this.length = this.buffer.writeInt16BE(-1, this.length);
    return this.written();
  }
}

/** From 1970: PostgreSQL counts from 2000. */
const microsecondsTo2000 = 946_684_800_000_000n;
