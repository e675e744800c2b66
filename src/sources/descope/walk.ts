import { type Cursor, type OpenCursor, type Range, timeText, type WindowCursor } from './cursor.js';
import type { DescopePageContent } from './page.js';

/*
 * How the audit log is walked so that no event is missed.
 *
 * A window is frozen at its first request (`until`). The API pages through it by number, but page numbers shift: a late
 * event inserted before the place that was reached moves events to higher pages, where they are met a second time,
 * which is harmless; an event that goes (it ages out of the retention, or is deleted) moves events to lower pages that
 * were read already, and they would be missed. So pages are not walked by number. Each request asks for page 0 of a
 * range of time, and one answer is one moment's view of it:
 *
 * - a page that is not full is the whole range;
 * - a full page whose events stand oldest first (newest first) holds all of the range up to its newest (down to its
 *   oldest) event; what is left is the range from there on, the moment at the seam included, since it may have been cut. The
 *   seam is set a twentieth of the page before its end: by an API that sorts by arrival, the last event may be a late
 *   one, whose time says nothing about the others;
 * - a page that is not full, but shorter than what it says it is part of, may be cut by the API: the walk goes on by number
 *   once, to find out;
 * - a full page in any other order says nothing about what it left out: the range is halved.
 *
 * Events that come or go elsewhere cannot move others across a seam, because a seam is a time and not a number.
 * `oldestFirst` is asked for, since then what would age out first is read first; nothing depends on it.
 *
 * Only where one millisecond holds more events than a page are numbers used, within a few milliseconds: forward to the
 * first page that is not full, which meets events that insertions move up, then back to page 0, which meets those that
 * removals move down. An event is missed there only if it is moved down over the seam just read and later up over
 * another, both within one such walk.
 *
 * What remains are events that appear in a stretch of time that has been read. One that appears at T with the time t is
 * missed by a window only if T is after the window's freeze; the next window begins `overlap` before that freeze. So
 * every event that appears within `overlap` of its time is found, however long a window takes to read.
 *
 * Whether `from` and `to` count their own millisecond in is not documented. Ranges overlap by one at each seam, so that
 * both readings come out complete.
 */

/** An open cursor stays where it is while that saves a write, but never further behind than this. */
const lagMaxMs = 3_600_000;
/** A window that took longer to read is followed by another at once; with a single request it cannot, unless a clock is wrong. */
const staleMs = { window: 20_000, open: 120_000 };
/** No millisecond holds so many pages: the API does not heed the page number. */
export const pageMax = 2_000;

export interface PageRequest {
  /** Epoch milliseconds. */
  from: number;
  to: number;
  page: number;
  size: number;
}

/** Begins a window. Where the clock has gone back behind the cursor, the overlap is read again. */
export function freeze(cursor: OpenCursor, nowMs: number, overlapMs: number): WindowCursor {
  const from = cursor.from === null ? null : Math.min(cursor.from, nowMs - overlapMs) - 1;
  return { kind: 'window', until: nowMs, todo: [{ from, to: nowMs + 1 }] };
}

/** @param limitMs how far back the API may be asked for. */
export function requestOf({ from, to, paging }: Range, size: number, limitMs: number): PageRequest {
  const lowest = Math.max(from ?? limitMs, limitMs);
  return { from: lowest, to: Math.max(to, lowest + 1), page: paging?.page ?? 0, size: paging?.size ?? size };
}

export interface Step {
  next: Cursor;
  more: boolean;
  /** A stretch of time that the source no longer gives, and that was not read before. */
  gap?: { from: string; to: string };
}

/**
 * Where to read on after a page.
 *
 * @param cursor where the page was read; @param window the same, frozen.
 * @param about.nowMs when the answer came, epoch milliseconds by the source's clock.
 * @param about.doubtful whether a page that is not full may be cut nevertheless.
 */
export function advance(
  cursor: Cursor,
  window: WindowCursor,
  request: PageRequest,
  page: DescopePageContent,
  { nowMs, overlapMs, doubtful = false }: { nowMs: number; overlapMs: number; doubtful?: boolean },
): Step {
  const range = window.todo[0]!;
  const left = rest(range, request, page, doubtful).filter(({ from, to }) => to - (from ?? request.from) > 1);
  const gap = gapOf(range, request, left);
  const todo = [...left, ...window.todo.slice(1)];
  if (todo.length > 0) return { next: { kind: 'window', until: window.until, todo }, more: true, ...gap };
  const from = window.until - overlapMs;
  const stays =
    cursor.kind === 'open' &&
    cursor.from !== null &&
    gap === undefined &&
    cursor.from <= from &&
    from - cursor.from <= lagMaxMs &&
    (page.events.length === 0 || page.oldestMs >= from);
  return { next: stays ? cursor : { kind: 'open', from }, more: nowMs - window.until > staleMs[cursor.kind], ...gap };
}

/** What a page has left of its range. */
function rest(range: Range, request: PageRequest, page: DescopePageContent, doubtful: boolean): Range[] {
  const full = page.count >= request.size;
  if (range.paging) return nextNumber(range, full);
  const { from, to } = range;
  if (!full) return doubtful ? [{ from, to, paging: { page: 1, size: page.count, back: false } }] : [];
  const { from: lowest, size } = request;
  const { oldestMs, newestMs, nearLastMs, order } = page;
  const numbered = (start: number, end: number): Range => ({
    from: start,
    to: end,
    paging: { page: 0, size, back: false },
  });
  const crowdedStart = (): Range[] => [numbered(lowest, lowest + 3), { from: lowest + 2, to }];
  const crowdedEnd = (): Range[] => [numbered(to - 3, to), { from, to: to - 2 }];
  switch (order) {
    case 'oldest first': {
      const seam = [nearLastMs, newestMs].find((ms) => ms - 1 > lowest);
      return seam === undefined ? crowdedStart() : [{ from: seam - 1, to }];
    }
    case 'newest first': {
      const seam = [nearLastMs, oldestMs].find((ms) => ms + 1 < to);
      return seam === undefined ? crowdedEnd() : [{ from, to: seam + 1 }];
    }
    case 'one moment':
      if (newestMs <= lowest) return crowdedStart();
      if (newestMs >= to) return crowdedEnd();
      return [numbered(newestMs - 2, newestMs + 2), { from, to: newestMs - 1 }, { from: newestMs + 1, to }];
    default: {
      // In no order that says what is missing, or without a single time.
      if (to - lowest <= 4) return [numbered(lowest, to)];
      const middle = Math.floor((lowest + to) / 2);
      return [
        { from, to: middle + 1 },
        { from: middle, to },
      ];
    }
  }
}

/** Forward while pages are full, then back to page 0. */
function nextNumber({ from, to, paging }: Range, full: boolean): Range[] {
  const { page, size, back } = paging!;
  if (!back && full) return [{ from, to, paging: { page: page + 1, size, back: false } }];
  return page > 0 ? [{ from, to, paging: { page: page - 1, size, back: true } }] : [];
}

/** Told once, when the beginning of a range is done with. */
function gapOf(range: Range, request: PageRequest, left: readonly Range[]): Pick<Step, 'gap'> | undefined {
  const { from, to } = range;
  if (from === null || request.from <= from || left.some((other) => other.from === from)) return undefined;
  return { gap: { from: timeText(from + 1), to: timeText(Math.min(request.from, to)) } };
}
