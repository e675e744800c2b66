/** Number of positions remembered. Longer cycles are not detected. */
const trailLengthMax = 10_000;

/**
 * Remembers the positions of a walk (offsets, or cursors as texts), so that a source whose next page leads back to one
 * of them cannot make the walk endless. Reading a position again (a retry, or an overlap) drops the positions after
 * it. A position that does not follow the last one (a reset, another walk) begins a new trail.
 */
export class Trail {
  #positions: string[] = [];
  #next: string | undefined;

  /** Returns false if `next`, which follows the page at `position`, is a position where the walk has already been. */
  leadsOn(position: string, next: string): boolean {
    const before = this.#positions.indexOf(position);
    if (before !== -1) this.#positions.length = before;
    else if (position !== this.#next) this.#positions = [];
    this.#positions.push(position);
    if (this.#positions.length > trailLengthMax) this.#positions.shift();
    this.#next = next;
    if (!this.#positions.includes(next)) return true;
    // Cleared for the next walk, since the source may have been fixed by then.
    this.#positions = [];
    return false;
  }
}
