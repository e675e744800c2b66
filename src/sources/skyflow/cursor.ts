/** `nextOps` of an answer, which goes into the next request's `afterOps`. */
export interface Cursor {
  timestamp: string;
  changeID: string;
}

/** The query of the request for a page. Both members of a cursor are always sent: events share timestamps. */
export function queryOf(
  accountId: string,
  filters: readonly [string, string][],
  cursor: Cursor | null,
  limit: number,
): string {
  const parameters: [string, string][] = [['filterOps.accountID', accountId], ...filters];
  if (cursor) parameters.push(['afterOps.timestamp', cursor.timestamp], ['afterOps.changeID', cursor.changeID]);
  parameters.push(['limit', String(limit)]);
  return parameters.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
}

/** The cursors kept in mind; a walk in circles is found when the circle is no longer than this. */
const trailLengthMax = 10_000;

/**
 * The cursors of a walk, so that a source whose `nextOps` leads back to one of them does not make it endless. A cursor
 * that is read again (a retry, or the overlap) takes back what came after it; one that does not follow (a reset,
 * another walk) begins a new trail.
 */
export class Trail {
  #cursors: string[] = [];
  #next: string | undefined;

  /** Whether `next` leads on from the page that was read at `cursor`, and not to where the walk has been. */
  leadsOn(cursor: Cursor | null, next: Cursor): boolean {
    const key = keyOf(cursor);
    const before = this.#cursors.indexOf(key);
    if (before !== -1) this.#cursors.length = before;
    else if (key !== this.#next) this.#cursors = [];
    this.#cursors.push(key);
    if (this.#cursors.length > trailLengthMax) this.#cursors.shift();
    this.#next = keyOf(next);
    if (!this.#cursors.includes(this.#next)) return true;
    // Begun anew, so that it is not held against the next walk, which may find the source mended.
    this.#cursors = [];
    return false;
  }
}

function keyOf(cursor: Cursor | null): string {
  return cursor ? JSON.stringify([cursor.timestamp, cursor.changeID]) : '';
}
