import { accessSync, constants, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { TrawlError } from '../../errors.js';
import { answeringWithin, type StorePlace } from '../../stores/place.js';
import type { Store } from '../../stores/store.js';
import type { Context } from '../context.js';
import type { CheckLines } from './lines.js';

const storeMaxMs = 10_000;

/** Opens the store, where there is one, and sees that it can be written to. @returns undefined where there is none to read. */
export async function checkStore(context: Context, lines: CheckLines): Promise<Store | undefined> {
  const place = context.settings.store;
  try {
    const store = await context.storeIfAny(answeringWithin(place, storeMaxMs));
    requireWritable(place);
    lines.passed('store', store ? place.name : `${place.name}: none yet, the first run makes it`);
    return store;
  } catch (error) {
    lines.failed('store', error);
    return undefined;
  }
}

/** Of a database, opening it has shown what can be shown without writing. */
function requireWritable(place: StorePlace): void {
  if (place.kind !== 'sqlite') return;
  let folder = dirname(place.path);
  // What is missing is made.
  while (!existsSync(folder) && folder !== dirname(folder)) folder = dirname(folder);
  for (const path of [folder, ...[place.path, `${place.path}-wal`].filter(existsSync)]) {
    try {
      accessSync(path, constants.W_OK);
    } catch (error) {
      throw new TrawlError(
        'STORE_READ_ONLY',
        `${path} cannot be written to (${(error as NodeJS.ErrnoException).code}).`,
        {
          hint: `Give the user that runs the worker the right to write there, or name another folder in TRAWL_DATA.`,
          cause: error,
        },
      );
    }
  }
}
