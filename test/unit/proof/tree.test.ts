import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashBytes, leafHash, leafHashLatin1, rootOf } from '../../../src/proof/hashes.js';
import { edgeOf, type Tile, Tree } from '../../../src/proof/tree.js';

const sha256 = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();

/** As RFC 6962 defines it, in section 2.1. */
function merkleTreeHash(entries: readonly string[]): Buffer {
  if (entries.length === 0) return sha256();
  if (entries.length === 1) return sha256(Buffer.of(0), Buffer.from(entries[0]!));
  let k = 1;
  while (k * 2 < entries.length) k *= 2;
  return sha256(Buffer.of(1), merkleTreeHash(entries.slice(0, k)), merkleTreeHash(entries.slice(k)));
}

const entries = (count: number) => Array.from({ length: count }, (_, index) => `entry ${index}`);

/** The tiles of a tree that grows from its edge with each batch, as in a store. */
function grown(batches: readonly number[]): { tiles: Map<string, Tile>; root: Buffer; size: number } {
  const tiles = new Map<string, Tile>();
  let size = 0;
  let root = rootOf(Buffer.alloc(0));
  for (const count of batches) {
    const edge = edgeOf(size).map(({ level, number }) => tiles.get(`${level}/${number}`)!);
    const tree = new Tree(size, edge);
    for (let index = 0; index < count; index += 1) tree.append(leafHashLatin1(`entry ${size + index}`));
    size = tree.size;
    root = tree.root();
    for (const tile of tree.takeChanged()) tiles.set(`${tile.level}/${tile.number}`, tile);
  }
  return { tiles, root, size };
}

describe('the tree', () => {
  it('has the root that RFC 6962 defines, however it grows', () => {
    const batches = fc.array(fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 700 })), {
      maxLength: 6,
    });
    fc.assert(
      fc.property(batches, (counts) => {
        const { root, size } = grown(counts);
        expect(root).toEqual(merkleTreeHash(entries(size)));
      }),
      { numRuns: 60 },
    );
  });

  it('has in its tiles what another growth has', () => {
    const atOnce = grown([66_000]);
    const inSteps = grown([1, 254, 1, 1, 65_278, 1, 464]);
    expect(inSteps.size).toBe(66_000);
    expect(inSteps.root).toEqual(atOnce.root);
    const hashesOf = ({ tiles }: typeof atOnce) =>
      Object.fromEntries([...tiles].map(([name, { hashes }]) => [name, hashes.toString('base64')]));
    expect(hashesOf(inSteps)).toEqual(hashesOf(atOnce));
    expect([...atOnce.tiles.keys()].filter((name) => !name.startsWith('0/'))).toEqual(['1/0', '1/1', '2/0']);
  });

  it('can grow from the tiles of a later tree', () => {
    const { tiles } = grown([700]);
    const tree = new Tree(300, [...tiles.values()]);
    expect(tree.root()).toEqual(merkleTreeHash(entries(300)));
  });

  it.each([1, 255, 257, 65_537])('of %i entries does not grow from an edge that lacks something', (size) => {
    const { tiles } = grown([size]);
    const edge = edgeOf(size).map(({ level, number }) => tiles.get(`${level}/${number}`)!);
    expect(() => new Tree(size, edge)).not.toThrow();
    for (const [index, tile] of edge.entries()) {
      const short = { ...tile, hashes: tile.hashes.subarray(hashBytes) };
      expect(() => new Tree(size, edge.with(index, short))).toThrow(RangeError);
      expect(() => new Tree(size, edge.toSpliced(index, 1))).toThrow(RangeError);
    }
  });

  it('hashes text as UTF-8', () => {
    const entry = 'Zoë \u{1f600} \u2028';
    expect(leafHash(entry)).toEqual(sha256(Buffer.of(0), Buffer.from(entry)));
  });
});
