import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

/** Where a store is. `name` is for people: without what is secret. */
export type StorePlace =
  | { kind: 'sqlite'; name: string; path: string }
  | {
      kind: 'postgres';
      name: string;
      url: string;
      pool: number;
      /** How long an answer is waited for; left out, as long as a worker can afford to. ms */
      answerMaxMs?: number;
    };

export const storeForms = 'sqlite:PATH, or postgres://USER:PASSWORD@HOST:PORT/DATABASE';

/** A place as TRAWL_STORE names it; undefined where it cannot be understood. */
export function storePlace(text: string, cwd: string, pool: number): StorePlace | undefined {
  if (/^sqlite:./.test(text)) return sqlitePlace(resolve(cwd, text.slice('sqlite:'.length)));
  if (!/^postgres(ql)?:\/\//.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const shown = new URL(text);
  shown.password = '';
  // A password may stand there too.
  shown.search = '';
  // As libpq has it: else "require" would also verify, and "verify-ca" not be known.
  if (url.searchParams.has('sslmode') && !url.searchParams.has('uselibpqcompat'))
    url.searchParams.set('uselibpqcompat', 'true');
  return { kind: 'postgres', name: shown.href, url: url.href, pool };
}

export function sqlitePlace(path: string): StorePlace {
  return { kind: 'sqlite', name: path, path };
}

/** The same place, for somebody who is waiting at a terminal. SQLite answers soon in any case. */
export function answeringWithin(place: StorePlace, answerMaxMs: number): StorePlace {
  return place.kind === 'postgres' ? { ...place, answerMaxMs } : place;
}

/** False where there is no file yet; of a database only opening it can tell. */
export function mayExist(place: StorePlace): boolean {
  return place.kind === 'postgres' || existsSync(place.path);
}
