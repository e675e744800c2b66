import { z } from 'zod';
import type { Offset } from '../../domain.js';
import type { Cursor } from './cursor.js';

/**
 * Events that appear late, with a timestamp before the cursor, are found by reading each recent stretch a second time,
 * once the overlap has passed.
 *
 * A cursor is _settled_ where every event up to it has been read. A page moves the settled cursor along only where it
 * was read from there, and where its `nextOps` is older by then than the overlap: so every event before `nextOps` had
 * appeared, if none is later than the overlap, and was either in the page or before it. Nothing else moves it; in
 * particular no page that was read beyond a young one, however old it is by then. So nothing between is ever left out.
 *
 * A page whose `nextOps` is young leaves the settled cursor behind, and notes when. The walk reads on beyond it; once
 * the overlap has passed since then it goes back there, once, and reads on plainly. All that had a time when it was
 * left behind is older than the overlap now. So each return moves the settled cursor at least to the last page that
 * was full of such events: returns do not repeat themselves, at most one falls into an overlap, and each reads the
 * events of about an overlap, and one page more, a second time. Events are told apart by changeID, which makes that
 * free of doubles.
 *
 * Where nothing happens, the last cursor itself gets older than the overlap, and a return ends with it settled: from
 * then on a run is one request, as it is between two returns. A page without `nextOps` leaves the walk where it was
 * read from, and all after that is read again with each run anyway.
 */
export interface Position {
  /** Where to read on; null: the start. */
  cursor: Cursor | null;
  /** Left out where the cursor itself is settled. */
  settled?: Settled;
}

export interface Settled {
  cursor: Cursor | null;
  /** When the walk last began to read from there: epoch milliseconds, by this machine's clock. */
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

/** The offset that stands for a position: the same text for the same position. */
export function offsetOf({ cursor, settled }: Position): Offset {
  if (!cursor) return '';
  const { timestamp, changeID } = cursor;
  if (!settled) return JSON.stringify({ timestamp, changeID });
  const from = settled.cursor ? { timestamp: settled.cursor.timestamp, changeID: settled.cursor.changeID } : {};
  return JSON.stringify({ timestamp, changeID, settled: { ...from, at: new Date(settled.atMs).toISOString() } });
}

/** The position of an offset, which may have been typed by hand; null where it is none of this source. */
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
 * Where the page at a position is read from: its cursor, or the settled one when its time has come. A clock that was
 * set makes that too early or, by no more than the overlap, too late; neither loses anything.
 */
export function readFrom(position: Position, overlapMs: number, nowMs: number): Position {
  const { cursor, settled } = position;
  if (!settled || overlapMs === 0) return { cursor };
  return Math.abs(nowMs - settled.atMs) > overlapMs ? { cursor: settled.cursor } : position;
}

/**
 * Where to read on after a page.
 *
 * @param from where it was read from, by `readFrom`.
 * @param isOld whether `next` was older than the overlap when the page was asked for, by the source's clock.
 * @param nowMs when the page was asked for, by this machine's clock.
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
