import type { Tree } from '../proof/tree.js';
import type { ProofLog, ProofReader } from './proof-reader.js';

/** Compares the tiles of recomputed trees with the stored ones. */
export class TileCheck {
  readonly #reader: ProofReader;
  readonly #collector: string;
  readonly #report: (text: string) => void;

  constructor(reader: ProofReader, collector: string, report: (text: string) => void) {
    this.#reader = reader;
    this.#collector = collector;
    this.#report = report;
  }

  /** Compares the full ones, and at last those at the edge, which may have more hashes by now. */
  async compare(
    tree: Tree,
    log: ProofLog,
    { fromLevel, isLast }: { fromLevel: number; isLast: boolean },
  ): Promise<void> {
    for (const tile of isLast ? tree.takeChanged() : tree.takeFull()) {
      if (tile.level < fromLevel) continue;
      const { level, number, hashes } = tile;
      const [stored] = await this.#reader.tiles(this.#collector, log, level, { from: number, to: number });
      if (stored?.hashes.subarray(0, hashes.length).equals(hashes)) continue;
      const what = stored ? 'was changed or cut' : 'is missing';
      this.#report(`Tile ${number} of level ${level} of the ${log === 'events' ? 'events' : 'journal'} ${what}.`);
    }
  }
}
