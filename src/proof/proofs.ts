import { hashBytes, joinedHash, rootOf } from './hashes.js';
import { tileHashes } from './tree.js';

/** Reads hashes of one tile: `count` from `index` on, packed. */
export type ReadHashes = (level: number, index: number, count: number) => Promise<Buffer>;

/**
 * RFC 6962, 2.1.1: the hashes that lead from an entry to the root of a tree.
 * @param index of the entry, from 0
 */
export async function inclusionProof(index: number, size: number, read: ReadHashes): Promise<Buffer[]> {
  const proof: Buffer[] = [];
  for (let [begin, end] = [0, size]; end - begin > 1; ) {
    const middle = begin + splitOf(end - begin);
    proof.unshift(await (index < middle ? rangeRoot(middle, end, read) : rangeRoot(begin, middle, read)));
    if (index < middle) end = middle;
    else begin = middle;
  }
  return proof;
}

/** The root that an inclusion proof leads to; null if it has not the right number of hashes. */
export function rootOfInclusion(leaf: Buffer, index: number, size: number, proof: readonly Buffer[]): Buffer | null {
  if (index < 0 || index >= size) return null;
  let root = leaf;
  let [at, last] = [index, size - 1];
  for (const hash of proof) {
    if (last === 0) return null;
    if (at % 2 === 1 || at === last) {
      root = joinedHash(hash, root);
      for (; at % 2 === 0 && at > 0; at = half(at)) last = half(last);
    } else root = joinedHash(root, hash);
    [at, last] = [half(at), half(last)];
  }
  return last === 0 ? root : null;
}

/** A proof that an entry is in the tree of a note, in the form of C2SP's tlog-proof. */
export function proofText(index: number, proof: readonly Buffer[], note: string): string {
  const hashes = proof.map((hash) => `${hash.toString('base64')}\n`).join('');
  return `c2sp.org/tlog-proof@v1\nindex ${index}\n${hashes}\n${note}`;
}

/** RFC 6962, 2.1.2: the hashes that show that a tree of `size` entries goes on from that of its first `before`. */
export async function consistencyProof(before: number, size: number, read: ReadHashes): Promise<Buffer[]> {
  const proof: Buffer[] = [];
  if (before === 0 || before === size) return proof;
  let isWhole = true;
  let [begin, end] = [0, size];
  while (before < end) {
    const middle = begin + splitOf(end - begin);
    if (before <= middle) {
      proof.unshift(await rangeRoot(middle, end, read));
      end = middle;
    } else {
      proof.unshift(await rangeRoot(begin, middle, read));
      begin = middle;
      isWhole = false;
    }
  }
  if (!isWhole) proof.unshift(await rangeRoot(begin, end, read));
  return proof;
}

/** The root of the tree of the first `size` entries. */
export function rootOfFirst(size: number, read: ReadHashes): Promise<Buffer> {
  return size === 0 ? Promise.resolve(rootOf(Buffer.alloc(0))) : rangeRoot(0, size, read);
}

/** The root over the entries from `begin` to before `end`, where `begin` is a place at which a subtree begins. */
async function rangeRoot(begin: number, end: number, read: ReadHashes): Promise<Buffer> {
  const count = end - begin;
  if (!Number.isInteger(Math.log2(count))) {
    const middle = begin + splitOf(count);
    const left = await rangeRoot(begin, middle, read);
    return joinedHash(left, await rangeRoot(middle, end, read));
  }
  let [level, unit] = [0, 1];
  for (; unit * tileHashes <= count; level += 1) unit *= tileHashes;
  const hashes = await read(level, begin / unit, count / unit);
  if (hashes.length !== (count / unit) * hashBytes) throw new RangeError(`hashes of level ${level} are missing`);
  return rootOf(hashes);
}

/** The largest power of two below a count: so many entries are in the left part of a tree. */
function splitOf(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}

function half(number: number): number {
  return Math.floor(number / 2);
}
