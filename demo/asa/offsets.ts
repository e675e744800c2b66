import { createHmac } from 'node:crypto';
import type { Cursor } from './timeline.js';

const length = 22;
const sealLength = 6;

/**
 * The opaque offsets: base64 that always contains `+`, `/` and `=`, which exposes a client that forgets to
 * percent-encode them. The same place has the same offset after a restart.
 */
export class Offsets {
  readonly #seed: number;
  #generation = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  write({ scheduled, inserted }: Cursor): string {
    const bytes = Buffer.alloc(length);
    bytes.write('++//', 'base64');
    bytes.writeUIntBE(scheduled, 4, 6);
    bytes.writeUIntBE(inserted, 10, 6);
    this.#seal(bytes).copy(bytes, length - sealLength);
    return bytes.toString('base64');
  }

  /** Returns undefined if this server never issued the offset, or has forgotten it. */
  read(offset: string): Cursor | undefined {
    const bytes = Buffer.from(offset, 'base64');
    if (bytes.length !== length || bytes.toString('base64') !== offset) return undefined;
    if (!this.#seal(bytes).equals(bytes.subarray(length - sealLength))) return undefined;
    return { scheduled: bytes.readUIntBE(4, 6), inserted: bytes.readUIntBE(10, 6) };
  }

  /** Makes all earlier offsets unknown. */
  forget(): void {
    this.#generation += 1;
  }

  #seal(bytes: Buffer): Buffer {
    const seal = createHmac('sha256', `${this.#seed} ${this.#generation}`);
    return seal
      .update(bytes.subarray(0, length - sealLength))
      .digest()
      .subarray(0, sealLength);
  }
}
