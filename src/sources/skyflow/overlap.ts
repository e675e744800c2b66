import { z } from 'zod';
import type { Offset } from '../../domain.js';
import type { Cursor } from './cursor.js';

/**
 * Late events, whose timestamp is before the cursor, are found by reading each recent stretch a second time, once the
 * overlap has passed.
 *
 * A cursor is _settled_ if every event up to it has been read. A page advances the settled cursor only if it was read
 * from there and its `nextOps` was already older than the overlap. If no event is later than the overlap, every event
 * before `nextOps` had then appeared, and was in the page or before it. Nothing else advances the settled cursor, in
 * particular no page that was read beyond a young one, however old it is by then. So nothing in between is ever left
 * out.
 *
 * A page whose `nextOps` is young leaves the settled cursor behind and notes when. The walk continues beyond it. Once
 * the overlap has passed since then, the walk returns there, once, and reads on as usual. Everything that had a time
 * when the cursor was left behind is now older than the overlap. So each return advances the settled cursor at least
 * to the last page that was full of such events: returns do not repeat, at most one falls into an overlap, and each
 * reads the events of about one overlap, and one more page, a second time. Events are identified by changeID, so none
 * is stored twice.
 *
 * If nothing happens, the last cursor itself becomes older than the overlap, and a return ends with it settled. From
 * then on a run is one request, as it is between two returns. A page without `nextOps` leaves the walk where it was
 * read from, and everything after that is read again with each run anyway.
 */
export interface Position {
  /** The position to continue from; null: the start. */
  cursor: Cursor | null;
  /** Undefined if the cursor itself is settled. */
  settled?: Settled;
}

interface Settled {
  cursor: Cursor | null;
  /** When the walk last started reading from there: epoch milliseconds, by this machine's clock. */
  atMs: number;
}

const member = z.string().min(1);
const at = z.iso.datetime();
const settledShape = z.union([
  z.strictObject({ timestamp: member, changeID: member, at }),
  // The start.
  z.strictObject({ at }),
]);
const offsetShape = z.strictObject({ timestamp: member, changeID: member, settled: settledShape.optional() });

/** The offset of a position. Equal positions have equal offsets. */
export function offsetOf({ cursor, settled }: Position): Offset {
  if (!cursor) return '';
  const { timestamp, changeID } = cursor;
  if (!settled) return JSON.stringify({ timestamp, changeID });
  const from = settled.cursor ? { timestamp: settled.cursor.timestamp, changeID: settled.cursor.changeID } : {};
  return JSON.stringify({ timestamp, changeID, settled: { ...from, at: new Date(settled.atMs).toISOString() } });
}

/** The position of an offset, which may have been typed by hand; null if it is not an offset of this source. */
export function positionOf(offset: Offset): Position | null {
  if (offset === '') return { cursor: null };
  const parsed = offsetShape.safeParse(jsonOf(offset));
  if (!parsed.success) return null;
  const { timestamp, changeID, settled } = parsed.data;
  const cursor = { timestamp, changeID };
  if (!settled) return { cursor };
  const from = 'timestamp' in settled ? { timestamp: settled.timestamp, changeID: settled.changeID } : null;
  return { cursor, settled: { cursor: from, atMs: Date.parse(settled.at) } };
}

/**
 * Returns where to read the page at a position: at its cursor, or at the settled one once the overlap has passed. A
 * clock that was changed makes that too early, or too late by at most the overlap; neither loses anything.
 */
export function readFrom(position: Position, overlapMs: number, nowMs: number): Position {
  const { cursor, settled } = position;
  if (!settled || overlapMs === 0) return { cursor };
  return Math.abs(nowMs - settled.atMs) > overlapMs ? { cursor: settled.cursor } : position;
}

/**
 * Returns where to continue after a page.
 *
 * @param from where the page was read, from `readFrom`
 * @param isOld true if `next` was older than the overlap when the page was requested, by the source's clock
 * @param nowMs when the page was requested, by this machine's clock
 */
export function follow(from: Position, next: Cursor, isOld: boolean, nowMs: number): Position {
  if (from.settled) return { cursor: next, settled: from.settled };
  return isOld ? { cursor: next } : { cursor: next, settled: { cursor: from.cursor, atMs: nowMs } };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
