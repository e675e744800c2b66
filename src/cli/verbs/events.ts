import { setTimeout as sleep } from 'node:timers/promises';
import { ofCollector } from '../../filter/filter.js';
import { sourceOf } from '../../settings/names.js';
import { sourceKinds } from '../../sources/kinds.js';
import type { EventFilter, Store } from '../../stores/store.js';
import type { Context } from '../context.js';
import { type EventWriter, eventWriter, type WrittenPage } from '../event-writers.js';
import { type Asked, askedFor, type EventsOptions } from '../events/asked.js';
import { inOrderOfStoring, latestOf } from '../events/latest.js';
import type { TableLook } from '../events/table.js';
import { interrupted } from '../interrupt.js';
import { print, tell } from '../output.js';
import { timeRange } from '../time-option.js';

/**
 * Events per page. Bounds the memory of an export of any length. PostgreSQL plans each page anew, which takes as long
 * as reading 500 events.
 */
const pageEvents = 2_000;
/** Approximate bytes per page. If events are large, fewer are read at once. */
const pageBytes = 16 * 1024 * 1024;
const followEveryMs = 500;
/** Of a terminal that does not say how wide it is. */
const columnsDefault = 80;

interface Reading {
  store: Store;
  asked: Asked;
  options: EventsOptions;
  write: EventWriter;
  /** What to ask of each collector that the filter leaves. */
  filters(): Promise<EventFilter[]>;
  /** The last sequence number of each collector that is written, or not to be written. */
  positions: Map<string, number>;
}

/**
 * `trawl events [NAME]`: writes events of one collector, or of all, to standard output.
 * @throws WrongCall before anything is written.
 */
export async function events(context: Context, name: string | undefined, options: EventsOptions): Promise<number> {
  const asked = askedFor(options, process.stdout.isTTY === true);
  const times = timeRange(options);
  const store = await context.existingStore();
  if (name !== undefined) await context.requireCollector(store, name);
  const filters = async (): Promise<EventFilter[]> => {
    const collectors = name === undefined ? await context.collectors(store) : [name];
    const settings = await store.settings();
    return collectors.flatMap((collector) => {
      const where = ofCollector(asked.where, { collector, source: sourceOf(collector, sourceKinds, settings) });
      return where === null ? [] : [{ ...times, collector, afterSeq: 0, where }];
    });
  };
  const table: TableLook = {
    wide: options.wide === true,
    several: name === undefined && (await filters()).length > 1,
    columns: process.stdout.columns || columnsDefault,
    goesOn: asked.latest === undefined || options.follow === true,
  };
  const write = await eventWriter(asked.format ?? table);
  const reading: Reading = { store, asked, options, write, filters, positions: new Map() };
  await print(write.head);
  let written = 0;
  if (asked.fromNow) await beginNow(reading);
  if (asked.fromNow && asked.latest === undefined) tell('Waiting for new events. Ctrl-C ends this.');
  if (asked.latest !== undefined) written += await writeLatest(reading, asked.latest);
  if (asked.latest === undefined || options.follow) written += await writeInOrder(reading);
  await print(write.tail);
  if (written === 0 && !options.follow) tell(asked.isFiltered ? 'No events match.' : 'No events are stored.');
  return 0;
}

async function beginNow({ store, filters, positions }: Reading): Promise<void> {
  for (const { collector } of await filters()) positions.set(collector, await store.seenUpTo(collector));
}

/** Writes the newest events: in a table the latest first, otherwise in the order of storing. @returns how many */
async function writeLatest({ store, asked, options, write, filters, positions }: Reading, count: number) {
  // One more tells whether there are more.
  const wanted = (await filters()).map((filter) => ({ ...filter, upToSeq: positions.get(filter.collector) }));
  const found = await latestOf(store, wanted, count + 1);
  const latest = found.slice(0, count);
  const isTable = asked.format === undefined;
  if (options.follow && isTable) latest.reverse();
  await print(write.events(isTable ? latest : inOrderOfStoring(latest)));
  if (found.length > count && options.tail === undefined && options.limit === undefined)
    tell(`These are the newest ${count}. --tail 100 shows more, and --oldest begins with the first.`);
  return latest.length;
}

/** Writes events after the positions, collector by collector, and new ones if they are followed. @returns how many */
async function writeInOrder({ store, options, write, filters, positions }: Reading): Promise<number> {
  const { follow = false, limit = Number.POSITIVE_INFINITY } = options;
  const over = follow ? interrupted().then(() => true) : Promise.resolve(true);
  let stopped = false;
  void over.then(() => {
    stopped = true;
  });
  let left = limit;
  let written = 0;
  do {
    for (const filter of await filters()) {
      filter.afterSeq = positions.get(filter.collector) ?? 0;
      const events = await exportCollector(store, filter, left, write);
      left -= events;
      written += events;
      positions.set(filter.collector, filter.afterSeq);
    }
    if (follow && left > 0) await Promise.race([sleep(followEveryMs), over]);
  } while (follow && left > 0 && !stopped);
  return written;
}

/** Writes a collector's events, and moves `filter.afterSeq` past them. @returns how many were written. */
async function exportCollector(store: Store, filter: EventFilter, limit: number, write: EventWriter): Promise<number> {
  let written = 0;
  for await (const page of newEvents(store, filter, limit, write)) {
    await print(page.text);
    written += page.events;
  }
  return written;
}

/** Yields the pages of a collector's events after `filter.afterSeq`, which it moves past them. */
export async function* newEvents(
  store: Store,
  filter: EventFilter,
  limit: number,
  write: EventWriter,
): AsyncGenerator<WrittenPage> {
  let left = limit;
  // Read before the events: those committed in between are read the next time.
  const seen = await store.seenUpTo(filter.collector);
  for await (const page of readAhead(store, filter, limit, write)) {
    yield page;
    filter.afterSeq = page.lastSeq;
    left -= page.events;
  }
  // The filter excludes all other events up to here, so a follower need not read them again.
  if (left > 0) filter.afterSeq = Math.max(filter.afterSeq, seen);
}

/** Yields pages until there are no more. Reads each while the previous one is printed. */
async function* readAhead(
  store: Store,
  filter: EventFilter,
  limit: number,
  write: EventWriter,
): AsyncGenerator<WrittenPage> {
  let left = limit;
  let most = pageEvents;
  const read = async (afterSeq: number) => {
    const asked = Math.min(most, left);
    const page = await write.page(store, { ...filter, afterSeq }, asked);
    most = Math.ceil(Math.min(pageEvents, (pageBytes * page.events) / page.text.length));
    return { page, isLast: page.events < asked };
  };
  let reading = left > 0 ? read(filter.afterSeq) : null;
  while (reading !== null) {
    const { page, isLast } = await reading;
    left -= page.events;
    reading = isLast || left === 0 ? null : read(page.lastSeq);
    // A failure is reported when its turn comes, or never if reading stops.
    reading?.catch(() => undefined);
    if (page.events > 0) yield page;
  }
}
