import type { Offset } from '../../domain.js';
import { TrawlError } from '../../errors.js';

/**
 * Position of a Descope walk. Its text is the offset:
 *
 * - empty: at the beginning of what the API still holds;
 * - `v1 from=TIME`: everything before TIME has been read; the next request begins a window there;
 * - `v1 until=TIME todo=RANGE,…`: inside a window that was frozen at `until`; the first range is read next.
 *
 * A range is `TIME..TIME`. A start of `*` is as far back as the API allows. The suffix `@3x500` means pages of 500 with
 * page 3 next, `@3x500-` the same going back to page 0. Over more than a few milliseconds, `@0x10` means that the API
 * gives no more than 10 events, and the range is split until each part has fewer. A time is RFC 3339 in UTC, to the
 * millisecond.
 */
export type Cursor = OpenCursor | WindowCursor;

export interface OpenCursor {
  kind: 'open';
  /** Epoch milliseconds; null: as far back as the API allows. */
  from: number | null;
}

export interface WindowCursor {
  kind: 'window';
  /** When the window was frozen: epoch milliseconds. */
  until: number;
  /** Never empty. */
  todo: readonly Range[];
}

/**
 * `from` and `to` of a request. Whether the API includes these ends is undocumented, so a range is only trusted to
 * return the events strictly between them.
 */
export interface Range {
  from: number | null;
  to: number;
  paging?: Paging | undefined;
}

interface Paging {
  page: number;
  size: number;
  /** Forward until a page is short, then back to page 0. */
  back: boolean;
}

export function offsetOf(cursor: Cursor): Offset {
  if (cursor.kind === 'open') return cursor.from === null ? '' : `v1 from=${timeText(cursor.from)}`;
  return `v1 until=${timeText(cursor.until)} todo=${cursor.todo.map(rangeText).join(',')}`;
}

/** @throws TrawlError OFFSET_UNKNOWN if the text is not an offset of this source: everything is then read again */
export function cursorOf(offset: Offset): Cursor {
  if (offset === '') return { kind: 'open', from: null };
  const open = /^v1 from=(\S+)$/.exec(offset);
  if (open) return { kind: 'open', from: timeOf(open[1]!, offset) };
  const window = /^v1 until=(\S+) todo=(\S+)$/.exec(offset);
  if (!window) throw unknown(offset);
  const todo = window[2]!.split(',').map((text) => rangeOf(text, offset));
  return { kind: 'window', until: timeOf(window[1]!, offset), todo };
}

/** RFC 3339 in UTC, to the millisecond. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString();
}

function rangeText({ from, to, paging }: Range): string {
  const range = `${from === null ? '*' : timeText(from)}..${timeText(to)}`;
  return paging ? `${range}@${paging.page}x${paging.size}${paging.back ? '-' : ''}` : range;
}

function rangeOf(text: string, offset: Offset): Range {
  const match = /^(\S+?)\.\.([^@]+?)(?:@(\d{1,6})x(\d{1,6})(-?))?$/.exec(text);
  if (!match) throw unknown(offset);
  const [, from, to, page, size, back] = match as unknown as [string, string, string, ...(string | undefined)[]];
  const range = { from: from === '*' ? null : timeOf(from, offset), to: timeOf(to, offset) };
  if (page === undefined) return range;
  return { ...range, paging: { page: Number(page), size: Number(size), back: back === '-' } };
}

function timeOf(text: string, offset: Offset): number {
  const ms = Date.parse(text);
  if (!Number.isFinite(ms) || timeText(ms) !== text) throw unknown(offset);
  return ms;
}

function unknown(offset: Offset): TrawlError {
  return new TrawlError(
    'OFFSET_UNKNOWN',
    `The checkpoint's offset ${JSON.stringify(offset)} is not a Descope offset.`,
    {
      hint: 'Everything that the source still holds is read again; events that are already stored are not stored twice.',
    },
  );
}
