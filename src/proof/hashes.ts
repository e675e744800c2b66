import { hash } from 'node:crypto';

/** Bytes of a hash. Lists of hashes are packed: one after the other in one buffer. */
export const hashBytes = 32;

/** RFC 6962: the hash of an entry of a log. Texts are hashed as UTF-8. */
export function leafHash(entry: string): Buffer {
  return Buffer.from(leafHashLatin1(entry), 'latin1');
}

/**
 * The same as a text of one character a byte: for many events, a buffer each takes longer than to hash them.
 */
export function leafHashLatin1(entry: string): string {
  return hash('sha256', `\0${entry}`, 'binary');
}

export function sha256Hex(text: string): string {
  return hash('sha256', text, 'hex');
}

const node = Buffer.alloc(1 + 2 * hashBytes, 1);

/** RFC 6962: the hash of an inner node. */
export function joinedHash(left: Buffer, right: Buffer): Buffer {
  left.copy(node, 1);
  right.copy(node, 1 + hashBytes);
  return Buffer.from(hash('sha256', node, 'binary'), 'latin1');
}

/** RFC 6962: the root of a tree over packed hashes. Pairs join; one that is left over moves up as it is. */
export function rootOf(hashes: Buffer): Buffer {
  if (hashes.length === 0) return Buffer.from(hash('sha256', '', 'binary'), 'latin1');
  const joined = Buffer.from(hashes);
  let count = joined.length / hashBytes;
  for (; count > 1; count = Math.ceil(count / 2)) {
    for (let pair = 0; pair < count >> 1; pair += 1) {
      joined.copy(node, 1, pair * 2 * hashBytes, (pair + 1) * 2 * hashBytes);
      joined.write(hash('sha256', node, 'binary'), pair * hashBytes, 'latin1');
    }
    if (count % 2 === 1) joined.copy(joined, (count >> 1) * hashBytes, (count - 1) * hashBytes, count * hashBytes);
  }
  return joined.subarray(0, hashBytes);
}
