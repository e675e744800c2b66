import { accessSync, constants, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { TrawlError } from '../../errors.js';
import { linkText, linkWarning, type StoreLink } from '../../stores/link.js';
import { answeringWithin, type StorePlace } from '../../stores/place.js';
import type { Store } from '../../stores/store.js';
import type { Context } from '../context.js';
import type { CheckLines } from './lines.js';

const storeMaxMs = 10_000;

export interface CheckedStore {
  /** Undefined if there is none yet, or if it cannot be read. */
  store: Store | undefined;
  /** True if its contents are known, and if there is no store yet. */
  known: boolean;
}

/** Checks that the store, if there is one, can be read and written, and how a connection is protected. Changes nothing. */
export async function checkStore(context: Context, lines: CheckLines): Promise<CheckedStore> {
  const checked = await checkContents(context, lines);
  const { last } = context.link;
  if (last) checkLink(lines, last);
  return checked;
}

async function checkContents(context: Context, lines: CheckLines): Promise<CheckedStore> {
  const place = context.settings.store;
  try {
    requireWritable(place);
    const store = await context.storeIfAny(answeringWithin(place, storeMaxMs), 'look');
    if (!store) return noneYet(lines, place);
    lines.passed('store', `${place.name}: schema ${store.schema}, current; writable`);
    return { store, known: true };
  } catch (error) {
    const { code, message, hint } = error as TrawlError;
    if (code === 'NOT_RUNNING') return noneYet(lines, place);
    if (code === 'STORE_OLDER') lines.warning('store', `${message} ${hint}`);
    else lines.failed('store', error);
    return { store: undefined, known: false };
  }
}

function checkLink(lines: CheckLines, link: StoreLink): void {
  const warning = linkWarning(link);
  if (warning === undefined) lines.passed('store TLS', linkText(link));
  else lines.warning('store TLS', warning);
}

function noneYet(lines: CheckLines, place: StorePlace): CheckedStore {
  lines.passed('store', `${place.name}: none yet, the first run creates it`);
  return { store: undefined, known: true };
}

/** Checks that an SQLite file can be written. For PostgreSQL, opening the store shows that. */
function requireWritable(place: StorePlace): void {
  if (place.kind !== 'sqlite') return;
  let folder = dirname(place.path);
  // Missing folders are created.
  while (!existsSync(folder) && folder !== dirname(folder)) folder = dirname(folder);
  for (const path of [folder, ...[place.path, `${place.path}-wal`].filter(existsSync)]) {
    try {
      accessSync(path, constants.W_OK);
    } catch (error) {
      throw new TrawlError(
        'STORE_READ_ONLY',
        `${path} cannot be written to (${(error as NodeJS.ErrnoException).code}).`,
        {
          hint: `Give the user that runs the worker write permission there, or name another folder in TRAWL_DATA.`,
          cause: error,
        },
      );
    }
  }
}
