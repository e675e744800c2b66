import { reasonOf, TrawlError } from '../errors.js';
import { decompressed } from '../formats/compression.js';
import type { Compression } from '../formats/format.js';
import type { SinkClient } from '../sinks/sink.js';
import { writeTemporary } from './folder.js';
import { eventsOfLines } from './lines.js';
import type { NeededObject } from './needed.js';
import { parquetOf } from './parquet.js';

export type ReadableSink = SinkClient & Required<Pick<SinkClient, 'read'>>;

export function isReadable(client: SinkClient): client is ReadableSink {
  return client.read !== undefined;
}

const fetchesAtOnce = 4;
const attemptsMax = 3;

/** Writes each object as a Parquet file, `pathOf` its place in the list. @throws TrawlError as a sink's `read` does */
export async function fetchObjects(
  sink: ReadableSink,
  objects: readonly NeededObject[],
  pathOf: (nth: number) => string,
  { signal, fetched }: { signal: AbortSignal; fetched(object: NeededObject): void },
): Promise<void> {
  const failing = new AbortController();
  const ended = AbortSignal.any([signal, failing.signal]);
  const left = objects.entries();
  const fetchSome = async () => {
    for (const [nth, object] of left) {
      ended.throwIfAborted();
      const bytes = await patiently(() => sink.read(object, ended));
      await writeTemporary(pathOf(nth), await asParquet(object, bytes));
      fetched(object);
    }
  };
  const all = Array.from({ length: fetchesAtOnce }, () =>
    fetchSome().catch((error: unknown) => {
      failing.abort(error);
      throw error;
    }),
  );
  await Promise.all(all);
}

async function patiently(read: () => Promise<Uint8Array>): Promise<Uint8Array> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await read();
    } catch (error) {
      const again = error instanceof TrawlError && error.code === 'SINK_UNAVAILABLE' && attempt < attemptsMax;
      if (!again) throw error;
    }
  }
}

async function asParquet({ name, form }: NeededObject, bytes: Uint8Array): Promise<Uint8Array> {
  try {
    if (form.format === 'ndjson')
      return await parquetOf([
        ...eventsOfLines(await decompressed(bytes, form.compression as Compression), form.rawEvent === 'text'),
      ]);
    const ends = [bytes.subarray(0, 4), bytes.subarray(-4)].map((end) => Buffer.from(end).toString('latin1'));
    if (ends.join() !== 'PAR1,PAR1') throw new Error('it is not Parquet');
    return bytes;
  } catch (error) {
    throw new TrawlError('QUERY_REFUSED', `${name} cannot be read as ${form.format}: ${reasonOf(error)}.`, {
      hint: 'Something else has changed it. Restore it, or leave its time out with --since or --until.',
      cause: error,
    });
  }
}
