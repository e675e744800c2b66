/** The positions kept in mind; a walk in circles is found when the circle is no longer than this. */
const trailLengthMax = 10_000;

/**
 * The positions of a walk (offsets, or cursors as texts), so that a source whose next page leads back to one of them does
 * not make it endless. A position that is read again (a retry, or an overlap) takes back what came after it; one that
 * does not follow (a reset, another walk) begins a new trail.
 */
export class Trail {
  #positions: string[] = [];
  #next: string | undefined;

  /** Whether `next` leads on from the page that was read at `position`, and not to where the walk has been. */
  leadsOn(position: string, next: string): boolean {
    const before = this.#positions.indexOf(position);
    if (before !== -1) this.#positions.length = before;
    else if (position !== this.#next) this.#positions = [];
    this.#positions.push(position);
    if (this.#positions.length > trailLengthMax) this.#positions.shift();
    this.#next = next;
    if (!this.#positions.includes(next)) return true;
    // Begun anew, so that it is not held against the next walk, which may find the source mended.
    this.#positions = [];
    return false;
  }
}
