/**
 * Reproducible randomness (sfc32). One instance is reseeded for every event. An event depends only on its own seed
 * words and not on earlier draws, so any event can be made at any time without keeping the others.
 */
export class Random {
  #a = 0;
  #b = 0;
  #c = 0;
  #counter = 0;

  constructor(...words: number[]) {
    this.reseed(...words);
  }

  /** Different words (32 bits each, at most three) lead to different sequences. */
  reseed(a = 0, b = 0, c = 0): this {
    this.#a = a | 0;
    this.#b = b | 0;
    this.#c = c | 0;
    this.#counter = 1;
    for (let round = 0; round < 12; round += 1) this.uint32();
    return this;
  }

  uint32(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum >>> 0;
  }

  /** From 0 up to, but not including, 1. */
  fraction(): number {
    return this.uint32() / 2 ** 32;
  }

  below(bound: number): number {
    return Math.floor(this.fraction() * bound);
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  base64(bytes: number): string {
    const buffer = Buffer.allocUnsafe(Math.ceil(bytes / 4) * 4);
    for (let at = 0; at < bytes; at += 4) buffer.writeUInt32LE(this.uint32(), at);
    return buffer.toString('base64', 0, bytes);
  }

  uuid(): string {
    const hex = Array.from({ length: 4 }, () => this.uint32().toString(16).padStart(8, '0')).join('');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
  }
}
