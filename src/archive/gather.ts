import { join } from 'node:path';
import type { StoredEvent } from '../domain.js';
import { TrawlError } from '../errors.js';
import { type DuckDbPlace, gatherEvents } from '../query/duckdb.js';
import type { Store } from '../stores/store.js';
import { fetchObjects, type ReadableSink } from './fetch.js';
import { writeTemporary } from './folder.js';
import { type NeededObject, neededObjects, type Times } from './needed.js';
import { parquetOf } from './parquet.js';

/** Per page of the store, and per file: what is in memory at once. */
const pageEvents = 2_000;
const fileEvents = 25_000;
const [pageBytes, fileBytes] = [16_000_000, 64_000_000];

interface Gathering {
  store: Store;
  sink: string;
  client: ReadableSink;
  /** All if undefined. */
  collector?: string | undefined;
  times: Times;
  /** Maximum size of the objects to fetch. */
  bytesMax: number;
  /** An empty folder that nobody else can look into. */
  folder: string;
  signal: AbortSignal;
  /** Told before anything is fetched. */
  begins(objects: number, bytes: number): void;
  fetched(object: NeededObject): void;
  /** Told after each page of the store. */
  read(events: number): void;
}

/**
 * Makes a database of the events of a store and of those that only an archive still has.
 * @throws TrawlError QUERY_REFUSED if that is too much, or is not in a form that can be read; as the store and the sink do
 */
export async function gather(given: Gathering): Promise<DuckDbPlace> {
  const { client, folder, times, signal } = given;
  const { length, bytes } = sizeOf(await needed(given));
  given.begins(length, bytes);
  const place = { folder, database: join(folder, 'events.duckdb') };
  const store = await exported(given);
  // Once more: what was cleared meanwhile may not have been exported.
  const objects = await needed(given);
  const pathOf = (nth: number) => join(folder, `archive-${nth}.parquet`);
  await fetchObjects(client, objects, pathOf, given);
  const archive = objects.map(({ events }, nth) => ({ path: pathOf(nth), events }));
  const range = { sinceNs: times.sinceNs?.toString(), untilNs: times.untilNs?.toString() };
  await gatherEvents(place, { store, archive, ...range }, signal).catch((error: unknown) => {
    throw inNames(error, (path) => objects[archive.findIndex((file) => file.path === path)]?.name);
  });
  return place;
}

async function needed({ store, sink, collector, times, bytesMax }: Gathering): Promise<NeededObject[]> {
  const objects = neededObjects(sink, await store.offload.archived(sink, collector), times);
  const { bytes } = sizeOf(objects);
  if (bytes <= bytesMax) return objects;
  throw new TrawlError(
    'QUERY_REFUSED',
    `This needs ${megabytes(bytes)} MB of ${sink} in ${objects.length} objects, more than ${megabytes(bytesMax)} MB.`,
    { hint: `Narrow it by --since, --until or --collector, or allow it by --megabytes ${megabytes(bytes)}.` },
  );
}

/** In whole ones, rounded up. */
export function megabytes(bytes: number): number {
  return Math.ceil(bytes / 1_000_000);
}

function sizeOf(objects: readonly NeededObject[]): { length: number; bytes: number } {
  return { length: objects.length, bytes: objects.reduce((sum, { bytes }) => sum + bytes, 0) };
}

/** Writes the events of the store to files. @returns their paths */
async function exported({ store, collector, times, folder, signal, read }: Gathering): Promise<string[]> {
  const paths: string[] = [];
  let [events, bytes]: [StoredEvent[], number] = [[], 0];
  const write = async () => {
    const path = join(folder, `store-${paths.length}.parquet`);
    await writeTemporary(path, await parquetOf(events));
    paths.push(path);
    [events, bytes] = [[], 0];
  };
  for (const name of collector === undefined ? await store.collectors() : [collector]) {
    let [afterSeq, most] = [0, pageEvents];
    for (let isLast = false; !isLast; ) {
      signal.throwIfAborted();
      const page = await store.events({ ...times, collector: name, afterSeq }, most);
      const size = page.reduce((sum, { rawEvent, extra }) => sum + rawEvent.length + (extra?.length ?? 0), 1);
      isLast = page.length < most;
      afterSeq = page.at(-1)?.seq ?? afterSeq;
      most = Math.ceil(Math.min(pageEvents, (pageBytes * Math.max(1, page.length)) / size));
      events.push(...page);
      bytes += size;
      read(page.length);
      if (bytes >= fileBytes || events.length >= fileEvents) await write();
    }
  }
  if (events.length > 0 || paths.length === 0) await write();
  return paths;
}

/** The error with the names of objects instead of the paths of temporary files. */
function inNames(error: unknown, nameOf: (path: string) => string | undefined): unknown {
  const failed = /^The query failed: (.*)$/s.exec(error instanceof TrawlError ? error.message : '')?.[1];
  if (failed === undefined) return error;
  const reason = failed.replace(/\/\S*archive-\d+\.parquet/g, (path) => nameOf(path) ?? path);
  return new TrawlError('QUERY_REFUSED', `The archive cannot be queried: ${reason}`, {
    hint: 'Restore an object that it names, free room in the temporary folder (TMPDIR), or ask for less with --since or --until.',
    cause: error,
  });
}
