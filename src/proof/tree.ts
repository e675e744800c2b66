import { hashBytes, rootOf } from './hashes.js';

/** Hashes in a full tile (C2SP tlog-tiles). */
export const tileHashes = 256;
const tileBytes = tileHashes * hashBytes;

/** Place of a tile. Level 0 has the hashes of entries, each level above it those of the full tiles below. Numbers begin at 0. */
export interface TilePlace {
  level: number;
  number: number;
}

export interface Tile extends TilePlace {
  /** Packed: 256, or fewer at the edge of the tree. */
  hashes: Buffer;
}

interface Edge {
  /** Hashes of the last tile of its level, of which the first `count` are there. */
  hashes: Buffer;
  count: number;
  number: number;
  isChanged: boolean;
}

/** The tiles at the edge of a tree of so many entries that are not full. All that growing needs. */
export function edgeOf(size: number): TilePlace[] {
  const places: TilePlace[] = [];
  for (let [level, count] = [0, size]; count > 0; level += 1, count = Math.floor(count / tileHashes))
    if (count % tileHashes > 0) places.push({ level, number: Math.floor(count / tileHashes) });
  return places;
}

/**
 * An RFC 6962 Merkle tree that grows from its edge. Full tiles never change, so a reader of an older tree finds its own
 * tiles in a newer one.
 */
export class Tree {
  #size: number;
  readonly #edges: Edge[] = [];
  #full: Tile[] = [];

  /**
   * @param edge the tiles of `edgeOf(size)`; they may have more hashes than a tree of that size
   * @throws RangeError if one of them is missing or too short
   */
  constructor(size = 0, edge: readonly Tile[] = []) {
    this.#size = size;
    for (let [level, count] = [0, size]; count > 0; level += 1, count = Math.floor(count / tileHashes)) {
      const [number, there] = [Math.floor(count / tileHashes), count % tileHashes];
      const tile = edge.find((one) => one.level === level && one.number === number);
      if (there > (tile?.hashes.length ?? 0) / hashBytes)
        throw new RangeError(`tile ${number} of level ${level} has fewer than ${there} hashes`);
      const hashes = Buffer.alloc(tileBytes);
      tile?.hashes.copy(hashes, 0, 0, there * hashBytes);
      this.#edges.push({ hashes, count: there, number, isChanged: false });
    }
  }

  get size(): number {
    return this.#size;
  }

  /** @param latin1 the hash of the next entry, one character a byte */
  append(latin1: string): void {
    this.#size += 1;
    this.#add(0, latin1);
  }

  #add(level: number, latin1: string): void {
    this.#edges[level] ??= { hashes: Buffer.alloc(tileBytes), count: 0, number: 0, isChanged: false };
    const edge = this.#edges[level]!;
    edge.hashes.write(latin1, edge.count * hashBytes, 'latin1');
    edge.count += 1;
    edge.isChanged = true;
    if (edge.count < tileHashes) return;
    this.#full.push({ level, number: edge.number, hashes: edge.hashes });
    this.#edges[level] = { hashes: Buffer.alloc(tileBytes), count: 0, number: edge.number + 1, isChanged: false };
    this.#add(level + 1, rootOf(edge.hashes).toString('latin1'));
  }

  root(): Buffer {
    let below: Buffer | undefined;
    for (const { hashes, count } of this.#edges) {
      const there = hashes.subarray(0, count * hashBytes);
      const all = below ? Buffer.concat([there, below]) : there;
      if (all.length > 0) below = rootOf(all);
    }
    return below ?? rootOf(Buffer.alloc(0));
  }

  /** The tiles that have become full since the last call. */
  takeFull(): Tile[] {
    const full = this.#full;
    this.#full = [];
    return full;
  }

  /** The tiles that have changed since the last call, those at the edge included. */
  takeChanged(): Tile[] {
    const changed = this.takeFull();
    for (const [level, edge] of this.#edges.entries()) {
      if (!edge.isChanged) continue;
      edge.isChanged = false;
      changed.push({
        level,
        number: edge.number,
        hashes: Buffer.from(edge.hashes.subarray(0, edge.count * hashBytes)),
      });
    }
    return changed;
  }
}
