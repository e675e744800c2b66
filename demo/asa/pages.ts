import type { EventGenerator } from './events.js';
import type { Team } from './team.js';

/** A request for a page. A boundary is a position: the page begins there and goes up, or down with newest first. */
export interface PageRequest {
  boundary: number | undefined;
  count: number;
  descending: boolean;
  /** Requests the page before the boundary instead of the one after it. */
  prev: boolean;
}

export interface Page {
  body: Buffer;
  /** The boundary at which the next page begins; undefined if there is no link to it. */
  next: number | undefined;
  /** The boundary before which the previous page ends; undefined if there is no link to it. */
  prev: number | undefined;
}

/**
 * One page with exactly the related objects of its events.
 *
 * @param request.nextWhenFull whether a full page has a next one even if nothing follows it.
 */
export function pageOf(
  events: EventGenerator,
  team: Team,
  total: number,
  request: PageRequest & { nextWhenFull: boolean },
): Page {
  const { count, descending, prev, nextWhenFull } = request;
  const upwards = descending === prev;
  const boundary = Math.min(request.boundary ?? (upwards ? 0 : total), total);
  const low = upwards ? boundary : Math.max(0, boundary - count);
  const high = upwards ? Math.min(total, boundary + count) : boundary;
  const [start, end] = descending ? [high, low] : [low, high];
  const follows = descending ? end > 0 : end < total;
  const precedes = descending ? start < total : start > 0;
  const full = high - low === count;
  return {
    body: bodyOf(events, team, { low, high, descending }),
    // A page reached backwards may be short although others follow it.
    next: prev ? (follows ? end : undefined) : full && (follows || nextWhenFull) ? end : undefined,
    prev: precedes ? start : undefined,
  };
}

function bodyOf(
  events: EventGenerator,
  team: Team,
  { low, high, descending }: { low: number; high: number; descending: boolean },
): Buffer {
  const list: string[] = [];
  const ranks = new Set<number>();
  for (let nth = 0; nth < high - low; nth += 1) {
    const { text, keys } = events.event(descending ? high - 1 - nth : low + nth);
    list.push(text);
    for (const key of keys) {
      const rank = team.rank.get(key);
      if (rank !== undefined) ranks.add(rank);
    }
  }
  const related = [...ranks]
    .sort((a, b) => a - b)
    .map((rank) => `"${team.byRank[rank]!.key}":${team.byRank[rank]!.text}`);
  return Buffer.from(`{"list":[${list.join(',')}],"related_objects":{${related.join(',')}}}`);
}
