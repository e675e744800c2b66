import { log } from '@temporalio/activity';
import { answerRoom, drawForParsing } from '../src/answer-room.js';
import type { EnrichedEvent, EventColumns } from '../src/domain.js';
import { TrawlError } from '../src/errors.js';
import { textOf } from '../src/json-values.js';
import { heapWeight } from '../src/json-weight.js';
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
  const kept = cache.get(key);
  // It is held here as well, for the cache may let go of it.
  if (kept) await answerRoom.draw(kept.weight);
  const page = kept ?? (await stagedPage(store, source, { collector, key }));
  if (page.rows) return { ...page, rows: page.rows };
  const most = columnsMax(page.bodyBytes);
  const rows = await enrichedRows({ store, source, collector, most }, [page.content, ...before]);
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

/**
 * The rows of the first page's events. Related objects are those of the page itself first, then those of the pages before
 * it, then those of committed pages, which are read only if an event names one.
 */
async function enrichedRows(
  { store, source, collector, most }: { store: Store; source: Source; collector: string; most: number },
  contents: readonly [PageContent, ...PageContent[]],
): Promise<EnrichedEvent[]> {
  const staged: Lookup = (id) => {
    for (const content of contents) {
      const found = content.lookup(id);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const rowsBy = (lookup: Lookup) => rowsWithin(most, contents[0].events, (event) => rowOf(event, source, lookup));
  const missing = new Set<string>();
  const first = rowsBy((id) => {
    const found = staged(id);
    if (found === undefined) missing.add(id);
    return found;
  });
  const earlier = await storedObjects(store, collector, [...missing], most);
  const { rows, cut } = earlier.size === 0 ? first : rowsBy((id) => staged(id) ?? earlier.get(id));
  if (cut > 0) log.warn('Columns of events stay empty: they repeat far more text than their page has', { events: cut });
  return rows;
}

/** The rows of the events; columns that would exceed `most` characters are left empty, in `cut` of them. */
function rowsWithin(
  most: number,
  events: readonly SourceEvent[],
  rowOfEvent: (event: SourceEvent) => EnrichedEvent,
): { rows: EnrichedEvent[]; cut: number } {
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
  return { rows, cut };
}

async function stagedPage(
  store: Store,
  source: Source,
  { collector, key }: { collector: string; key: string },
): Promise<CachedPage> {
  const body = await store.stagedBody(collector, key);
  if (body === null) throw stagedPageGone();
  await drawForParsing(body);
  return { bodyBytes: body.byteLength, weight: heapWeight(body), content: source.parse(body) };
}

export function stagedPageGone(): TrawlError {
  return new TrawlError('STAGED_PAGE_GONE', 'A page that was read is no longer staged in the store.', {
    hint: 'It is read again from the checkpoint; nothing is lost.',
  });
}

/** Related objects that are read at once. A store returns none longer than 64 KiB. */
const objectsAtOnce = 256;

/** Memory of an object or a member, besides its text. */
const memberBytes = 100;

/**
 * Related objects of committed pages, with the members that columns can show. A page can name far more of them than fit into
 * memory: they are read a few at a time, and no more than its columns may show.
 */
async function storedObjects(
  store: Store,
  collector: string,
  ids: readonly string[],
  most: number,
): Promise<Map<string, Members>> {
  const found = new Map<string, Members>();
  let left = most;
  for (let at = 0; at < ids.length; at += objectsAtOnce) {
    const stored = await store.relatedObjects(collector, ids.slice(at, at + objectsAtOnce));
    for (const [id, { object }] of stored) {
      const { members, bytes } = shownMembers(object);
      left -= bytes;
      if (left < 0) {
        log.warn('Columns of events stay empty: they name far more stored objects than fit', { ids: ids.length });
        return found;
      }
      found.set(id, members);
    }
  }
  return found;
}

type Members = Readonly<Record<string, unknown>>;

/** The members that a column can show (see `memberText`), and the memory that they take. */
function shownMembers(object: string): { members: Members; bytes: number } {
  const plain = Object.entries(JSON.parse(object) as Members).filter(([, value]) => textOf(value) !== undefined);
  const bytes = plain.reduce(
    (sum, [name, value]) => sum + memberBytes + name.length + textOf(value)!.length,
    memberBytes,
  );
  return { members: Object.fromEntries(plain), bytes };
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
