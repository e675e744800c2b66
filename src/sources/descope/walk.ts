import { type Cursor, type OpenCursor, type Range, timeText, type WindowCursor } from './cursor.js';
import type { DescopePageContent } from './page.js';

/*
 * Algorithm that walks the audit log without missing an event.
 *
 * A window is frozen at its first request (`until`). The API numbers the pages of a window, but the numbers shift. A
 * late event that is inserted before the current place moves others to higher pages, where they are read a second
 * time, which is harmless. An event that disappears (it ages out of the retention, or is deleted) moves others to
 * lower pages that have already been read, so they would be missed. Pages are therefore not walked by number. Each
 * request asks for page 0 of a time range, and its answer is a consistent view of that range:
 *
 * - A page that is not full is the whole range.
 * - A full page says nothing about what it left out: it may be ordered by time, by arrival or not at all. So the range
 *   is cut in two, and each part is read. Where to cut is a guess, from the times on the page; any cut is complete.
 * - Once a part has been read, the next one is cut so that it should fill most of a page, if the events are as dense.
 * - A page that is not full, but shorter than its `total` claims, may have been cut by the API. The walk reads the next
 *   page by number once, to find out. If that has events, the range is read again in pages of the size that came.
 *
 * Events that come or go elsewhere cannot move others across a cut, because a cut is a time and not a number. Requests
 * set `oldestFirst`, since the page then shows where to cut; nothing else depends on it.
 *
 * Page numbers are used only if a few milliseconds have more events than a page. The walk goes forward to the first
 * page that is not full, which finds events that insertions move up, then back to page 0, which finds those that
 * removals move down. There, and only there, equal requests must give equal orders. It misses an event only if that
 * event moves down across the seam just read and later up across another, both within one such walk.
 *
 * That leaves events that appear in a range that has already been read. An event that appears at T with the time t is
 * missed by a window only if T is after the window's freeze, and the next window begins `overlap` before that freeze.
 * So every event that appears within `overlap` of its time is found, however long a window takes to read.
 *
 * Whether `from` and `to` include their own millisecond is undocumented. Ranges overlap by one at each cut, so that
 * the result is complete either way.
 */

/** An open cursor stays in place while that saves a write, but lags behind by at most this. */
const lagMaxMs = 3_600_000;
/**
 * A window that took longer to read is followed by another right away. (A single request takes longer only if a clock
 * is wrong.)
 */
const staleMs = { window: 20_000, open: 120_000 };
/** A longer range is split rather than read by page numbers. */
const crowdedMs = 4;
/** Shares of a page that the next part should fill: where the page shows where that is, and where it is a guess. */
const exactFill = 0.95;
const guessedFill = 0.8;
/** A part is at most this many times as long as the part before it. */
const growthMax = 8;
/** No millisecond has this many pages: beyond it, the API is ignoring the page number. */
export const pageMax = 2_000;

export interface PageRequest {
  /** Epoch milliseconds. */
  from: number;
  to: number;
  page: number;
  size: number;
}

/** Begins a window. If the clock has gone back past the cursor, the overlap is read again. */
export function freeze(cursor: OpenCursor, nowMs: number, overlapMs: number): WindowCursor {
  const from = cursor.from === null ? null : Math.min(cursor.from, nowMs - overlapMs) - 1;
  return { kind: 'window', until: nowMs, todo: [{ from, to: nowMs + 1 }] };
}

/** @param limitMs earliest time that the API accepts */
export function requestOf({ from, to, paging }: Range, size: number, limitMs: number): PageRequest {
  const lowest = Math.max(from ?? limitMs, limitMs);
  return { from: lowest, to: Math.max(to, lowest + 1), page: paging?.page ?? 0, size: paging?.size ?? size };
}

export interface Step {
  next: Cursor;
  more: boolean;
  /** A period that the source no longer returns and that was never read. */
  gap?: { from: string; to: string };
}

/** True if a page is the first of its range, and so a view of the whole range unless it is full. */
export function isFirstPage({ paging }: Range): boolean {
  return paging === undefined || (paging.page === 0 && !paging.back);
}

/** True if a page by number is read to find out whether the first page was cut, not because a moment is crowded. */
export function isProbe({ paging }: Range, { from, to }: PageRequest): boolean {
  return paging !== undefined && paging.page > 0 && !paging.back && to - from > crowdedMs;
}

/**
 * Returns where to continue after a page.
 *
 * @param cursor where the page was read; @param window the same, frozen
 * @param about.nowMs when the answer arrived, epoch milliseconds by the source's clock
 * @param about.doubtful true if a page that is not full may still have been cut
 */
export function advance(
  cursor: Cursor,
  window: WindowCursor,
  request: PageRequest,
  page: DescopePageContent,
  { nowMs, overlapMs, doubtful = false }: { nowMs: number; overlapMs: number; doubtful?: boolean },
): Step {
  const range = window.todo[0]!;
  const wasCut = isProbe(range, request) && page.count > 0;
  const rest = wasCut ? [inPagesOf(request.size, range)] : restOf(range, request, page, doubtful);
  const left = rest
    .map((other) => (range.paging && !other.paging ? inPagesOf(request.size, other) : other))
    .filter(({ from, to }) => to - (from ?? request.from) > 1);
  const gap = gapOf(range, request, left);
  const others = window.todo.slice(1);
  // The others would be cut as well.
  const todo = [
    ...left,
    ...(wasCut ? others.map((other) => (other.paging ? other : inPagesOf(request.size, other))) : others),
  ];
  if (todo.length > 0) {
    const ranges = joined(
      left.length === 0 && isFirstPage(range) && !isPast(range, request) ? sliced(todo, request, page) : todo,
    );
    return { next: { kind: 'window', until: window.until, todo: ranges }, more: true, ...gap };
  }
  const from = window.until - overlapMs;
  const stays =
    cursor.kind === 'open' &&
    cursor.from !== null &&
    gap === undefined &&
    cursor.from <= from &&
    from - cursor.from <= lagMaxMs &&
    (page.timesMs[0] ?? from) >= from;
  return { next: stays ? cursor : { kind: 'open', from }, more: nowMs - window.until > staleMs[cursor.kind], ...gap };
}

/** A range that is read from its first page on, in pages of this size. */
export function inPagesOf(size: number, { from, to }: Range): Range {
  return { from, to, paging: { page: 0, size, back: false } };
}

/** The ranges that remain to be read after a page. */
function restOf(range: Range, request: PageRequest, page: DescopePageContent, doubtful: boolean): Range[] {
  const full = page.count >= request.size;
  const { from, to } = range;
  if (!isFirstPage(range)) return nextNumber(range, full);
  if (!full) return doubtful ? [{ from, to, paging: { page: 1, size: page.count, back: false } }] : [];
  const { from: lowest, size } = request;
  if (to - lowest <= crowdedMs) return [{ from, to, paging: { page: 1, size, back: false } }];
  const cut = cutOf(lowest, to, page);
  return [
    { from, to: cut + 1 },
    { from: cut, to },
  ];
}

/**
 * Where to cut a range that gave a full page: after `lowest` and at least two milliseconds before `to`. The page only
 * suggests where. Each part is read, so any cut is complete.
 */
function cutOf(lowest: number, to: number, { timesMs, rises }: DescopePageContent): number {
  const at = (share: number) => timesMs[Math.floor(share * timesMs.length)] ?? lowest;
  const isCrowded = timesMs.length > 0 && at(1 / 4) === at(3 / 4);
  const suggested = [
    // Half of the page shares a millisecond: it is read by itself.
    ...(isCrowded ? [at(1 / 2) - 2, at(1 / 2) + 1] : []),
    // A page of the oldest events shows how far the next one reaches.
    ...(rises ? [at(exactFill) - 2] : []),
  ];
  return suggested.find((cut) => cut > lowest && cut < to - 1) ?? Math.floor((lowest + to) / 2);
}

/**
 * True if the API no longer returns any of a range. The request for it says nothing of what follows: parts as short as it
 * would stay behind the earliest time that the API accepts, which moves on meanwhile, so that the walk would never end.
 */
function isPast({ to }: Range, request: PageRequest): boolean {
  return request.to !== to;
}

/** The first of these ranges cut to a part that should fill most of a page, as the page just read suggests. */
function sliced(todo: Range[], request: PageRequest, { count }: DescopePageContent): Range[] {
  const [next, ...others] = todo as [Range, ...Range[]];
  const growth = Math.min(growthMax, (guessedFill * request.size) / Math.max(count, 1));
  const widthMs = Math.ceil((request.to - request.from) * growth);
  const from = next.from ?? request.from;
  if (!isFirstPage(next) || widthMs <= crowdedMs || next.to - from < widthMs * 1.5) return todo;
  return [{ ...next, to: from + widthMs }, { ...next, from: from + widthMs - 1 }, ...others];
}

/** Puts ranges behind the first together where they touch. */
function joined([first, ...others]: Range[]): Range[] {
  const ranges: Range[] = [];
  for (const range of others) {
    const last = ranges.at(-1);
    const touches =
      last &&
      range.from === last.to - 1 &&
      isFirstPage(last) &&
      isFirstPage(range) &&
      last.paging?.size === range.paging?.size;
    if (touches) ranges[ranges.length - 1] = { ...last, to: range.to };
    else ranges.push(range);
  }
  return first ? [first, ...ranges] : [];
}

/** Goes forward while pages are full, then back to page 0. */
function nextNumber({ from, to, paging }: Range, full: boolean): Range[] {
  const { page, size, back } = paging!;
  if (!back && full) return [{ from, to, paging: { page: page + 1, size, back: false } }];
  return page > 0 ? [{ from, to, paging: { page: page - 1, size, back: true } }] : [];
}

/** Reported once, when the beginning of a range has been read. */
function gapOf(range: Range, request: PageRequest, left: readonly Range[]): Pick<Step, 'gap'> | undefined {
  const { from, to } = range;
  if (from === null || request.from <= from || left.some((other) => other.from === from)) return undefined;
  return { gap: { from: timeText(from + 1), to: timeText(Math.min(request.from, to)) } };
}
