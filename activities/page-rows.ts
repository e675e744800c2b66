import { log } from '@temporalio/activity';
import type { EnrichedEvent, EventColumns } from '../src/domain.js';
import { TrawlError } from '../src/errors.js';
import type { Lookup, PageContent, Source, SourceEvent } from '../src/sources/source.js';
import type { Store } from '../src/stores/store.js';
import type { Context } from './context.js';
import type { CachedPage } from './page-cache.js';

const noColumns: EventColumns = {
  type: '',
  actor: '',
  user: '',
  client: '',
  gateway: '',
  group: '',
  project: '',
  hostname: '',
  server: '',
  fromAddr: '',
};
const columnNames = Object.keys(noColumns) as (keyof EventColumns)[];

interface PageWithRows extends CachedPage {
  rows: EnrichedEvent[];
}

/**
 * A staged page with the rows of its events, from this worker's cache or computed from the staged page. Every worker
 * computes the same rows, since the store has the related objects of committed pages only.
 *
 * @param page of which the store has the facts; see `Store.stagedFacts`
 * @param before the uncommitted pages before this one, the latest first.
 * @throws TrawlError STAGED_PAGE_GONE if the page is no longer staged; the walk then starts again.
 */
export async function rowsOfPage(
  { store, cache }: Pick<Context, 'store' | 'cache'>,
  source: Source,
  { collector, key }: { collector: string; key: string },
  before: readonly PageContent[] = [],
): Promise<PageWithRows> {
  const page = cache.get(key) ?? (await stagedPage(store, source, { collector, key }));
  if (page.rows) return { ...page, rows: page.rows };
  const lookup = await lookupFor(store, source, collector, [page.content, ...before]);
  const rows = rowsWithin(columnsMax(page.bodyBytes), page.content.events, (event) => rowOf(event, source, lookup));
  // The parsed events are no longer needed once the rows exist.
  const enriched = { ...page, content: { ...page.content, events: [] }, rows };
  cache.put(key, enriched);
  return enriched;
}

/**
 * Characters that the columns of a page may have together. They repeat what related objects say: a page of a few megabytes
 * can name one long text thousands of times. A page as vendors send it has far fewer.
 */
function columnsMax(bodyBytes: number): number {
  return 4 * 1024 * 1024 + 2 * bodyBytes;
}

/** The rows of the events; columns that would exceed `most` characters are left empty. */
function rowsWithin(
  most: number,
  events: readonly SourceEvent[],
  rowOfEvent: (event: SourceEvent) => EnrichedEvent,
): EnrichedEvent[] {
  let left = most;
  let cut = 0;
  const rows = events.map((event) => {
    const row = rowOfEvent(event);
    const characters = columnNames.reduce((sum, name) => sum + row[name].length, 0);
    if (characters <= left) {
      left -= characters;
      return row;
    }
    cut += 1;
    return { ...row, ...noColumns };
  });
  if (cut > 0) log.warn('Columns of events stay empty: they repeat far more text than their page has', { events: cut });
  return rows;
}

async function stagedPage(
  store: Store,
  source: Source,
  { collector, key }: { collector: string; key: string },
): Promise<CachedPage> {
  const body = await store.stagedBody(collector, key);
  if (body === null) throw stagedPageGone();
  return { bodyBytes: body.byteLength, content: source.parse(body) };
}

export function stagedPageGone(): TrawlError {
  return new TrawlError('STAGED_PAGE_GONE', 'A page that was read is no longer staged in the store.', {
    hint: 'It is read again from the checkpoint; nothing is lost.',
  });
}

/** The page's own related objects first, then those of the pages before it, then those of committed pages. */
async function lookupFor(
  store: Store,
  source: Source,
  collector: string,
  contents: readonly [PageContent, ...PageContent[]],
): Promise<Lookup> {
  const lookup: Lookup = (id) => {
    for (const content of contents) {
      const found = content.lookup(id);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const missing = new Set<string>();
  for (const event of contents[0].events) {
    for (const id of source.lookedUp(event)) if (lookup(id) === undefined) missing.add(id);
  }
  const stored = await store.relatedObjects(collector, [...missing]);
  const earlier = new Map([...stored].map(([id, { object }]) => [id, JSON.parse(object) as Record<string, unknown>]));
  return (id) => lookup(id) ?? earlier.get(id);
}

function rowOf(event: SourceEvent, source: Source, lookup: Lookup): EnrichedEvent {
  const { type, actor, user, client, gateway, group, project, hostname, server, fromAddr } = source.enrich(
    event,
    lookup,
  );
  return {
    type: storable(type),
    actor: storable(actor),
    user: storable(user),
    client: storable(client),
    gateway: storable(gateway),
    group: storable(group),
    project: storable(project),
    hostname: storable(hostname),
    server: storable(server),
    fromAddr: storable(fromAddr),
    id: storable(event.id),
    timestamp: event.timestamp,
    timeNs: event.timeNs,
    rawEvent: event.rawEvent,
    extra: event.extra,
    ...(event.whole === undefined ? {} : { whole: event.whole }),
  };
}

/** Databases do not accept NUL or a lone surrogate in text. `rawEvent` keeps them, escaped as the source sent them. */
function storable(text: string): string {
  if (text === '') return text;
  return text.includes('\0') ? text.replaceAll('\0', '\ufffd').toWellFormed() : text.toWellFormed();
}
