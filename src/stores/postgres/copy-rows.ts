import { GrowingBytes } from './growing-bytes.js';

/**
 * Builds rows for `COPY … FROM STDIN (FORMAT binary)`. The server then has nothing to parse, which would be half its
 * work. Texts are written unchanged; they must not contain NUL or lone surrogates.
 */
export class CopyRows extends GrowingBytes {
  constructor() {
    super(1 << 20);
    // Signature, flags, length of the header extension.
    this.add(Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'));
    this.reserve(8);
    this.length = this.buffer.writeInt32BE(0, this.length);
    this.length = this.buffer.writeInt32BE(0, this.length);
  }

  /** Begins a row with this number of fields. */
  row(fields: number): this {
    this.reserve(2);
    this.length = this.buffer.writeInt16BE(fields, this.length);
    return this;
  }

  text(value: string | null): this {
    // A UTF-16 code unit takes at most three bytes in UTF-8.
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

  /** Adds a `bigint`. */
  int8(value: bigint | number): this {
    this.reserve(12);
    this.length = this.buffer.writeInt32BE(8, this.length);
    this.length = this.buffer.writeBigInt64BE(BigInt(value), this.length);
    return this;
  }

  /** Adds a `timestamptz`, to the microsecond. @param epochNs rounded towards 1970 */
  timestamp(epochNs: bigint): this {
    return this.int8(epochNs / 1_000n - microsecondsTo2000);
  }

  /** Ends the copy and returns all its bytes. Call once. */
  end(): Buffer {
    this.reserve(2);
    this.length = this.buffer.writeInt16BE(-1, this.length);
    return this.written();
  }
}

/** PostgreSQL counts from 2000, epoch time from 1970. */
const microsecondsTo2000 = 946_684_800_000_000n;
