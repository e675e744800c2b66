import { temporaryFolder } from '../archive/folder.js';
import { gather, megabytes } from '../archive/gather.js';
import { counted } from '../counted.js';
import { type DuckDbPlace, requireDuckDb } from '../query/duckdb.js';
import type { Store } from '../stores/store.js';
import type { Context } from './context.js';
import { liveLine } from './live-line.js';
import { tell } from './output.js';
import { readableSink } from './readable-sink.js';
import { timeRange } from './time-option.js';

export interface ArchiveOptions {
  /** Name of the sink. */
  archive: string;
  collector?: string;
  since?: string;
  until?: string;
  /** How much may be fetched. */
  megabytes?: number;
}

const megabytesDefault = 2_000;

/**
 * Gathers the events of the store and of a sink's files in a temporary folder, which is removed when the verb ends.
 * @param signal ends it before
 */
export async function gatherArchive(
  context: Context,
  store: Store,
  options: ArchiveOptions,
  signal: AbortSignal,
): Promise<DuckDbPlace> {
  const { archive: sink, collector } = options;
  const times = timeRange(options);
  if (collector !== undefined) await context.requireCollector(store, collector);
  requireDuckDb();
  const client = await readableSink(context, store, sink, '--archive');
  const { path, remove } = temporaryFolder();
  context.onClose(async () => remove());
  const shown = { objects: 0, bytes: 0, all: 0, events: 0 };
  const show = () =>
    liveLine.show(
      `${sink}: ${shown.objects} of ${shown.all} objects, ${megabytes(shown.bytes)} MB; ${counted(shown.events, 'event')} of the store`,
    );
  const place = await gather({
    ...{ store, sink, client, collector, times, signal, folder: path },
    bytesMax: (options.megabytes ?? megabytesDefault) * 1_000_000,
    begins(objects, bytes) {
      shown.all = objects;
      tell(
        objects === 0
          ? `The store has every event that ${sink} has at that time: nothing is fetched.`
          : `Fetching ${objects} ${objects === 1 ? 'object' : 'objects'} (${megabytes(bytes)} MB) of ${sink}.`,
      );
    },
    fetched({ bytes }) {
      shown.objects += 1;
      shown.bytes += bytes;
      show();
    },
    read(events) {
      shown.events += events;
      show();
    },
  }).finally(() => liveLine.show(''));
  signal.throwIfAborted();
  return place;
}
