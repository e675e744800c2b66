import { accessSync, constants, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { TrawlError } from '../../errors.js';
import { answeringWithin, type StorePlace } from '../../stores/place.js';
import type { Store } from '../../stores/store.js';
import type { Context } from '../context.js';
import type { CheckLines } from './lines.js';

const storeMaxMs = 10_000;

export interface CheckedStore {
  /** Undefined where there is none yet, or none that can be read. */
  store: Store | undefined;
  /** Whether what stands in it is known: also where there is none yet. */
  known: boolean;
}

/** Looks into the store, where there is one, and sees that it could be written to. Changes nothing. */
export async function checkStore(context: Context, lines: CheckLines): Promise<CheckedStore> {
  const place = context.settings.store;
  try {
    requireWritable(place);
    const store = await context.storeIfAny(answeringWithin(place, storeMaxMs), 'look');
    if (!store) return noneYet(lines, place);
    lines.passed('store', `${place.name}: schema ${store.schema}, as this version has it; can be written to`);
    return { store, known: true };
  } catch (error) {
    const { code, message, hint } = error as TrawlError;
    if (code === 'NOT_RUNNING') return noneYet(lines, place);
    if (code === 'STORE_OLDER') lines.warning('store', `${message} ${hint}`);
    else lines.failed('store', error);
    return { store: undefined, known: false };
  }
}

function noneYet(lines: CheckLines, place: StorePlace): CheckedStore {
  lines.passed('store', `${place.name}: none yet, the first run makes it`);
  return { store: undefined, known: true };
}

/** Of a database, looking into it shows that. */
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
