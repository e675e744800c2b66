import { z } from 'zod';
import type { Offset } from '../../domain.js';

/** `nextOps` of an answer, which goes into the next request's `afterOps`. */
export interface Cursor {
  timestamp: string;
  changeID: string;
}

const cursorShape = z.strictObject({ timestamp: z.string().min(1), changeID: z.string().min(1) });

/** The offset that stands for a cursor: the same text for the same cursor. */
export function offsetOf({ timestamp, changeID }: Cursor): Offset {
  return JSON.stringify({ timestamp, changeID });
}

/** The cursor of an offset; null where it is none of this source's making. */
export function cursorOf(offset: Offset): Cursor | null {
  try {
    return cursorShape.parse(JSON.parse(offset));
  } catch {
    return null;
  }
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

/** The offsets kept in mind; a walk in circles is found when the circle is no longer than this. */
const trailLengthMax = 1_000;

/**
 * The offsets of a walk, so that a source whose `nextOps` leads back to one of them does not make it endless. An offset
 * that is read again (a retry) takes back what came after it; one that does not follow (a reset, another walk) begins
 * a new trail.
 */
export class Trail {
  #offsets: Offset[] = [];
  #next: Offset | undefined;

  /** Whether `next` leads on from the page at `offset`, and not to where the walk has been. */
  leadsOn(offset: Offset, next: Offset): boolean {
    const before = this.#offsets.indexOf(offset);
    if (before !== -1) this.#offsets.length = before;
    else if (offset !== this.#next) this.#offsets = [];
    this.#offsets.push(offset);
    if (this.#offsets.length > trailLengthMax) this.#offsets.shift();
    this.#next = next;
    if (!this.#offsets.includes(next)) return true;
    // Begun anew, so that it is not held against the next walk, which may find the source mended.
    this.#offsets = [];
    return false;
  }
}
