import { setTimeout as sleep } from 'node:timers/promises';
import type { EventFilter, Store } from '../../stores/store.js';
import type { Context } from '../context.js';
import type { EventFormat } from '../event-formats.js';
import { type EventWriter, eventWriter, type WrittenPage } from '../event-writers.js';
import { interrupted } from '../interrupt.js';
import { print } from '../output.js';
import { timeRange } from '../time-option.js';
import { WrongCall } from '../wrong-call.js';

export interface EventsOptions {
  format: EventFormat;
  since?: string;
  until?: string;
  type?: string;
  actor?: string;
  text?: string;
  limit?: number;
  follow?: boolean;
}

/**
 * Events per page. Bounds the memory of an export of any length. PostgreSQL plans each page anew, which takes as long
 * as reading 500 events.
 */
const pageEvents = 2_000;
/** Approximate bytes per page. If events are large, fewer are read at once. */
const pageBytes = 16 * 1024 * 1024;
const followEveryMs = 500;

/**
 * `trawl events [NAME]`: writes events of one collector, or of all, to standard output.
 * @throws WrongCall before anything is written.
 */
export async function events(context: Context, name: string | undefined, options: EventsOptions): Promise<number> {
  const wanted = wantedEvents(options);
  if (options.follow && options.format === 'json') {
    throw new WrongCall('A JSON array has an end, so it cannot be followed.', 'Use --format ndjson with --follow.');
  }
  const store = await context.existingStore();
  if (name !== undefined) await context.requireCollector(store, name);
  const write = await eventWriter(options.format);
  const over = options.follow ? interrupted().then(() => true) : Promise.resolve(true);
  let stopped = false;
  void over.then(() => {
    stopped = true;
  });
  await print(write.head);
  const positions = new Map<string, number>();
  let left = options.limit ?? Number.POSITIVE_INFINITY;
  do {
    const collectors = name === undefined ? await context.collectors(store) : [name];
    for (const collector of collectors) {
      const filter = { ...wanted, collector, afterSeq: positions.get(collector) ?? 0 };
      left = await exportCollector(store, filter, left, write);
      positions.set(collector, filter.afterSeq);
    }
    if (options.follow && left > 0) await Promise.race([sleep(followEveryMs), over]);
  } while (options.follow && left > 0 && !stopped);
  await print(write.tail);
  return 0;
}

type Wanted = Omit<EventFilter, 'collector' | 'afterSeq'>;

/** SQLite does not accept longer patterns, and no type is that long. */
const typeLengthMax = 1_000;

function wantedEvents({ since, until, type, actor, text }: EventsOptions): Wanted {
  if (type !== undefined && type.length > typeLengthMax)
    throw new WrongCall(
      `--type is longer than ${typeLengthMax} characters.`,
      'Use * for the part that does not matter.',
    );
  return { ...timeRange({ since, until }), type, actor, text };
}

/** Writes a collector's events, and moves `filter.afterSeq` past them. @returns how many may still be written. */
async function exportCollector(store: Store, filter: EventFilter, limit: number, write: EventWriter): Promise<number> {
  let left = limit;
  // Read before the events: those committed in between are read the next time.
  const { lastSeq } = await store.checkpoint(filter.collector);
  for await (const page of readAhead(store, filter, limit, write)) {
    await print(page.text);
    filter.afterSeq = page.lastSeq;
    left -= page.events;
  }
  // The filter excludes all other events up to here, so a follower need not read them again.
  if (left > 0) filter.afterSeq = Math.max(filter.afterSeq, lastSeq);
  return left;
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
