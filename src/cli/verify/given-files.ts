import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import { FilesCheck, type FilesVerdict, type GivenFile } from '../../archive/proven-files.js';
import { reasonOf, TrawlError } from '../../errors.js';
import type { Store } from '../../stores/store.js';
import type { Verdict } from '../../stores/verify.js';
import type { ProvenObject } from '../../stores/verify-objects.js';
import type { Context } from '../context.js';
import { readableSink } from '../readable-sink.js';
import { WrongCall } from '../wrong-call.js';

const sinkPrefix = 'sink:';
/** Other files, such as those of an operating system, have no events. */
const eventFile = /\.(ndjson|csv)(\.gz|\.zst)?$|\.parquet$/;

/**
 * Compares offloaded files with what was recomputed.
 * @param places folders, files, or `sink:NAME` for all objects that a sink should have
 * @param progress called with the name of each file
 * @throws WrongCall if a place cannot be read; TrawlError if a sink does not answer
 */
export async function verifiedFiles(
  context: Context,
  store: Store,
  verdict: Verdict,
  { places, progress }: { places: readonly string[]; progress: (name: string) => void },
): Promise<FilesVerdict> {
  const check = new FilesCheck(store.proof, verdict);
  const sinks = new Set<string>();
  for (const place of places) {
    if (!place.startsWith(sinkPrefix)) {
      for (const file of filesAt(place)) {
        progress(file.name);
        await check.add(file);
      }
      continue;
    }
    const sink = place.slice(sinkPrefix.length);
    sinks.add(sink);
    const client = await readableSink(context, store, sink, '--files');
    for (const object of verdict.objects.filter((one) => one.sink === sink)) {
      progress(object.name);
      await addObject(check, object, () => client.read(object));
    }
  }
  const isFolders = places.some((place) => !place.startsWith(sinkPrefix));
  return check.finish(isFolders ? undefined : sinks);
}

async function addObject(check: FilesCheck, object: ProvenObject, read: GivenFile['read']): Promise<void> {
  try {
    const bytes = await read();
    await check.add({ name: object.name, read: async () => bytes });
  } catch (error) {
    if (!(error instanceof TrawlError && error.code === 'SINK_REFUSED')) throw error;
    check.miss(object, reasonOf(error));
  }
}

/** Files of events in a folder and below, in the order of their names. Hidden ones are not complete. */
function* filesAt(place: string): Generator<GivenFile> {
  try {
    if (!statSync(place).isDirectory()) {
      yield { name: basename(place), read: async () => readFileSync(place) };
      return;
    }
    const entries = readdirSync(place, { recursive: true, withFileTypes: true });
    const paths = entries
      .filter((entry) => entry.isFile() && !entry.name.startsWith('.') && eventFile.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
    for (const path of paths)
      yield { name: relative(place, path).split(sep).join('/'), read: async () => readFileSync(path) };
  } catch (error) {
    throw new WrongCall(
      `${place} cannot be read: ${reasonOf(error)}.`,
      'Specify a folder or a file, or sink:NAME for the objects of a sink.',
      error,
    );
  }
}
