import { eventLeaf, goneLeaf } from '../proof/event-leaf.js';
import { hashBytes } from '../proof/hashes.js';
import type { Range } from '../proof/journal.js';
import { Tree, tileHashes } from '../proof/tree.js';
import { epochNanoseconds } from '../timestamp.js';
import type { ProofReader, ProvenRow } from './proof-reader.js';
import type { TileCheck } from './verify-tiles.js';

/** Tiles whose events are read at once. */
const tilesAtOnce = 2;

/** A contradiction of the proof, and where it is. */
export interface Contradiction {
  /** The first event that it is about; null if it is about none. */
  seq: number | null;
  text: string;
}

export type Report = (contradiction: Contradiction) => void;

interface Chunk {
  /** Hashes that are stored for it, one character a byte. */
  hashes: string[];
  next: number;
}

/**
 * Recomputes the tree of a collector's events. Each stored event must have the hash that the tree has of it. The tree is
 * made of these hashes, so that one event that was changed is told apart from all that follow.
 */
export class EventsCheck {
  readonly #tree = new Tree();
  readonly #missing: Range[] = [];
  readonly #wrongTimes: number[] = [];
  readonly #reader: ProofReader;
  readonly #collector: string;
  readonly #tiles: TileCheck;
  readonly #report: Report;
  #chunk: Chunk = { hashes: [], next: 0 };
  #loaded = 0;
  /** Events that are stored, and those that were gone when the tree began. */
  stored = 0;
  gone = 0;

  constructor(reader: ProofReader, collector: string, tiles: TileCheck, report: Report) {
    this.#reader = reader;
    this.#collector = collector;
    this.#tiles = tiles;
    this.#report = report;
  }

  get size(): number {
    return this.#tree.size;
  }

  /** Events that are not stored although the tree has them, in order. */
  get missing(): readonly Range[] {
    return this.#missing;
  }

  root(): Buffer {
    return this.#tree.root();
  }

  /** @param after events up to this one were taken over: an earlier version may have read their times otherwise */
  reportTimes(after: number): void {
    for (const seq of this.#wrongTimes) if (seq > after) this.#report({ seq, text: changed(seq) });
  }

  /** @param upTo how far the tree goes as far as is known: so far may be read ahead */
  async advance(size: number, upTo: number): Promise<void> {
    while (this.#tree.size < size) {
      if (this.#chunk.next === this.#chunk.hashes.length) await this.#load(Math.max(size, upTo));
      this.#tree.append(this.#chunk.hashes[this.#chunk.next]!);
      this.#chunk.next += 1;
    }
  }

  /** Compares the tiles above the hashes of events, of which `#load` has compared each. */
  async compareTiles(isLast: boolean): Promise<void> {
    await this.#tiles.compare(this.#tree, 'events', { fromLevel: 1, isLast });
  }

  async #load(upTo: number): Promise<void> {
    const from = this.#loaded;
    const to = Math.min(upTo, (Math.floor(from / tileHashes) + tilesAtOnce) * tileHashes);
    const [first, last] = [Math.floor(from / tileHashes), Math.floor((to - 1) / tileHashes)];
    const tiles = await this.#reader.tiles(this.#collector, 'events', 0, { from: first, to: last });
    const byNumber = new Map(tiles.map(({ number, hashes }) => [number, hashes]));
    const hashOf = (seq: number): string | null => {
      const tile = byNumber.get(Math.floor((seq - 1) / tileHashes));
      const at = ((seq - 1) % tileHashes) * hashBytes;
      return tile && tile.length >= at + hashBytes ? tile.toString('latin1', at, at + hashBytes) : null;
    };
    // One more than there are numbers shows one that is there twice.
    const range = { afterSeq: from, upToSeq: to, limit: to - from + 1 };
    const rows = await this.#reader.rows(this.#collector, range);
    const hashes: string[] = [];
    let next = 0;
    for (let seq = from + 1; seq <= to; seq += 1) {
      const row = rows[next]?.seq === seq ? rows[next] : undefined;
      for (let copies = 0; rows[next]?.seq === seq; copies += 1, next += 1)
        if (copies === 1) this.#report({ seq, text: `Event ${seq} is there twice.` });
      hashes.push(this.#compared(seq, row, hashOf(seq)));
    }
    this.#chunk = { hashes, next: 0 };
    this.#loaded = to;
  }

  /** @returns the hash that the tree is made of */
  #compared(seq: number, row: ProvenRow | undefined, proven: string | null): string {
    const gone = row ? '' : goneLeaf(this.#collector, seq);
    if (proven === null) this.#report({ seq, text: `The hash of event ${seq} is missing from proof_tiles.` });
    if (row) {
      const leaf = eventLeaf(this.#collector, row);
      this.stored += 1;
      if (proven !== null && (leaf !== proven || row.extra === '')) this.#report({ seq, text: changed(seq) });
      else if (!hasItsTime(row)) this.#wrongTimes.push(seq);
      return proven ?? leaf;
    }
    if (proven === gone) this.gone += 1;
    else addTo(this.#missing, seq);
    return proven ?? gone;
  }
}

const changed = (seq: number) => `Event ${seq} is not the one that was stored: its row or its hash was changed.`;

/** The number that sorts and filters is not in the hash, but follows from the timestamp, which is. */
function hasItsTime({ timestamp, timeNs }: ProvenRow): boolean {
  return epochNanoseconds(timestamp)?.toString() === timeNs;
}

function addTo(ranges: Range[], seq: number): void {
  const last = ranges.at(-1);
  if (last?.last === seq - 1) last.last = seq;
  else ranges.push({ first: seq, last: seq });
}
