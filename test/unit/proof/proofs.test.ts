import { expect, it } from 'vitest';
import { hashBytes, leafHash, leafHashLatin1 } from '../../../src/proof/hashes.js';
import { consistencyProof, inclusionProof, type ReadHashes, rootOfInclusion } from '../../../src/proof/proofs.js';
import { type Tile, Tree, tileHashes } from '../../../src/proof/tree.js';

const entry = (index: number) => `entry ${index}`;

function grown(size: number): { tree: Tree; read: ReadHashes } {
  const tree = new Tree();
  while (tree.size < size) tree.append(leafHashLatin1(entry(tree.size)));
  const tiles = new Map<string, Tile>(tree.takeChanged().map((tile) => [`${tile.level}/${tile.number}`, tile]));
  const read: ReadHashes = async (level, index, count) => {
    const at = (index % tileHashes) * hashBytes;
    const tile = tiles.get(`${level}/${Math.floor(index / tileHashes)}`);
    return tile?.hashes.subarray(at, at + count * hashBytes) ?? Buffer.alloc(0);
  };
  return { tree, read };
}

const sizes = [1, 2, 3, 7, 8, 255, 256, 257, 511, 1_000, 65_535, 65_536, 65_537];

it.each(sizes)('proves each entry of a tree of %i, and no other', async (size) => {
  const { tree, read } = grown(size);
  const root = tree.root();
  const some = [0, 1, 2, 254, 255, 256, 257, size >> 1, size - 2, size - 1].filter((at) => at >= 0 && at < size);
  for (const index of new Set(some)) {
    const proof = await inclusionProof(index, size, read);
    expect(rootOfInclusion(leafHash(entry(index)), index, size, proof)).toEqual(root);
    expect(rootOfInclusion(leafHash('another'), index, size, proof)).not.toEqual(root);
    if (proof.length > 0)
      expect(rootOfInclusion(leafHash(entry(index)), index, size, proof.slice(1))).not.toEqual(root);
    expect(rootOfInclusion(leafHash(entry(index)), index, size, [...proof, root])).not.toEqual(root);
  }
});

it('fails where hashes are missing', async () => {
  const none: ReadHashes = async () => Buffer.alloc(0);
  await expect(inclusionProof(0, 2, none)).rejects.toThrow(RangeError);
  await expect(consistencyProof(1, 3, none)).rejects.toThrow(RangeError);
});

it('needs no hashes to go from nothing, or from the same size', async () => {
  const { read } = grown(5);
  expect(await consistencyProof(0, 5, read)).toEqual([]);
  expect(await consistencyProof(5, 5, read)).toEqual([]);
  expect(await inclusionProof(0, 1, read)).toEqual([]);
});
