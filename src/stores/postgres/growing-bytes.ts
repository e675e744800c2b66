/** A buffer that grows as bytes are appended. */
export class GrowingBytes {
  /** Fast loops write to it directly, at `length`, after calling `reserve`, which may replace the buffer. */
  buffer: Buffer;
  length = 0;

  constructor(bytes: number) {
    this.buffer = Buffer.allocUnsafe(bytes);
  }

  /** Ensures room for this many more bytes. */
  reserve(bytes: number): void {
    if (this.length + bytes <= this.buffer.byteLength) return;
    const larger = Buffer.allocUnsafe(Math.max(this.buffer.byteLength * 2, this.length + bytes));
    this.buffer.copy(larger, 0, 0, this.length);
    this.buffer = larger;
  }

  add(bytes: Uint8Array): void {
    this.reserve(bytes.byteLength);
    this.buffer.set(bytes, this.length);
    this.length += bytes.byteLength;
  }

  /** The bytes written so far, as a view of the buffer. */
  written(): Buffer {
    return this.buffer.subarray(0, this.length);
  }
}
