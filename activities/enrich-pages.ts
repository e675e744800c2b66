import type { EnrichedEvent } from '../src/domain.js';
import { TrawlError } from '../src/errors.js';
import type { Lookup, PageContent, Source, SourceEvent } from '../src/sources/source.js';
import type { Store } from '../src/stores/store.js';
import type { Collectors } from './collectors.js';
import type { Dependencies } from './dependencies.js';
import type { CachedPage, PageCache } from './page-cache.js';
import type { PageRef, PagesInput } from './types.js';

/**
 * Enriches staged pages: S30 with S32 to S37 for each event. The rows stay in this worker for the write; another worker
 * would make the same ones from the staged page, since the store has the related objects of committed pages only.
 *
 * @throws TrawlError STAGED_PAGE_GONE where a page is no longer staged; the walk then begins again.
 */
export async function enrichPages(
  { store }: Dependencies,
  collectors: Collectors,
  cache: PageCache,
  { collector, pages }: PagesInput,
): Promise<{ events: number }> {
  const source = await collectors.source(collector);
  let events = 0;
  const before: PageContent[] = [];
  for (const ref of pages) {
    const { rows, content } = await enrichPage(store, source, cache, collector, ref, before);
    events += rows.length;
    before.unshift(content);
  }
  return { events };
}

/**
 * One page with its rows: from the cache, or made from the staged page.
 * @param before pages that are not committed yet and come before it, the last one first
 */
export async function enrichPage(
  store: Store,
  source: Source,
  cache: PageCache,
  collector: string,
  { key }: PageRef,
  before: readonly PageContent[] = [],
): Promise<CachedPage & { rows: EnrichedEvent[] }> {
  const page = cache.get(key) ?? (await stagedPage(store, source, key));
  if (page.rows) return { ...page, rows: page.rows };
  const lookup = await lookupFor(store, source, collector, [page.content, ...before]);
  const rows = page.content.events.map((event) => rowOf(event, source, lookup));
  // What the rows were made of is not needed any more.
  const enriched = { ...page, content: { ...page.content, events: [] }, rows };
  cache.put(key, enriched);
  return enriched;
}

async function stagedPage(store: Store, source: Source, key: string): Promise<CachedPage> {
  const staged = await store.stagedPage(key);
  if (!staged) {
    throw new TrawlError('STAGED_PAGE_GONE', 'A page that was read is no longer staged in the store.', {
      hint: 'It is read again from the checkpoint; nothing is lost.',
    });
  }
  return { bodyBytes: staged.body.byteLength, content: source.parse(staged.body) };
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
  };
}

/** No database takes NUL or half a surrogate pair in a text; `rawEvent` has them escaped, as they came. */
function storable(text: string): string {
  if (text === '') return text;
  return text.includes('\0') ? text.replaceAll('\0', '\ufffd').toWellFormed() : text.toWellFormed();
}
