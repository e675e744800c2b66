/** Bytes that are written one after the other, with room made for them in time. */
export class GrowingBytes {
  /** Fast loops write to it themselves, at `length`, after `reserve`, which may replace it. */
  buffer: Buffer;
  length = 0;

  constructor(bytes: number) {
    this.buffer = Buffer.allocUnsafe(bytes);
  }

  /** Makes room for so many more. */
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

  /** What has been written, in the buffer itself. */
  written(): Buffer {
    return this.buffer.subarray(0, this.length);
  }
}
