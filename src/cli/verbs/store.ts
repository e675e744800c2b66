import { counted } from '../../counted.js';
import { TrawlError } from '../../errors.js';
import { type CopyableStore, copyStore } from '../../stores/copy.js';
import { mayExist, type StorePlace, storeForms, storePlace } from '../../stores/place.js';
import { textOfFile, whyUnreadable } from '../../text-file.js';
import type { Context } from '../context.js';
import { print, printJson, table, tell } from '../output.js';
import { WrongCall } from '../wrong-call.js';

/** Number of connections: one reads while the other writes. */
const pool = 2;

/** `trawl store copy FROM TO` */
export async function storeCopy(
  context: Context,
  from: string,
  to: string,
  options: { force?: boolean; json?: boolean },
): Promise<number> {
  const [source, target] = [placeOf(from), placeOf(to)];
  if (!mayExist(source)) {
    throw new TrawlError('NOT_RUNNING', `There is no store at ${source.name}.`, { hint: 'Name the one to copy from.' });
  }
  const fromStore = (await context.openStore(source)) as CopyableStore;
  const toStore = (await context.openStore(target, 'write')) as CopyableStore;
  const due = (await fromStore.standings()).filter((standing) => standing.due).map(({ collector }) => collector);
  // What a backup says of expected runs is about the store that it was taken of.
  if (due.length > 0 && !options.force && !(await fromStore.isBackup())) {
    throw new TrawlError('COPY_REFUSED', `${source.name} is still collected into: ${due.join(', ')}.`, {
      hint: `Stop it first ("trawl stop ${due[0]}"), or use --force if nothing runs any more.`,
    });
  }
  const counts = await copyStore(fromStore, toStore, (name, rows) => tell(`${name}: ${counted(rows, 'row')} copied`));
  if (options.json) await printJson({ from: source.name, to: target.name, tables: counts });
  else {
    const lines = counts.map(({ table: name, rows, digest }) => [name, String(rows), digest.slice(0, 16)]);
    await print(table(['TABLE', 'ROWS', 'SHA-256 (BOTH)'], lines));
    tell(`The copy is complete. Set TRAWL_STORE to it, then start a worker and the collections.`);
  }
  return 0;
}

/** Parses the place of a store. `@PATH` names a file that contains it: a command line must not contain a password. */
function placeOf(text: string): StorePlace {
  const place = storePlace(text.startsWith('@') ? contentOf(text.slice(1)) : text, process.cwd(), pool);
  // The message does not repeat it: it may contain a password.
  if (!place)
    throw new WrongCall('That is not a valid store.', `Use ${storeForms}, or @PATH for a file that contains it.`);
  return place;
}

function contentOf(path: string): string {
  try {
    return textOfFile(path).trim();
  } catch (error) {
    throw new WrongCall(
      `${path} cannot be read: ${whyUnreadable(error)}.`,
      'Name a file that contains the place of the store.',
      error,
    );
  }
}
