import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { StoreLink } from './link.js';

/** Location of a store. `name` is shown to people and contains no secrets. */
export type StorePlace =
  | { kind: 'sqlite'; name: string; path: string }
  | {
      kind: 'postgres';
      name: string;
      url: string;
      pool: number;
      /** Maximum wait for an answer, in ms. Defaults to what a worker can afford. */
      answerMaxMs?: number;
      /** Receives how each new connection is protected. */
      onLink?: (link: StoreLink) => void;
    };

export const storeForms = 'sqlite:PATH, or postgres://USER:PASSWORD@HOST:PORT/DATABASE';

/** Parses the value of TRAWL_STORE; undefined if it is invalid. */
export function storePlace(text: string, cwd: string, pool: number): StorePlace | undefined {
  if (/^sqlite:./.test(text)) return sqlitePlace(resolve(cwd, text.slice('sqlite:'.length)));
  if (!/^postgres(ql)?:\/\//.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const shown = new URL(text);
  shown.password = '';
  // The query may contain a password too.
  shown.search = '';
  // libpq's semantics: without them "require" would also verify, and "verify-ca" would be unknown.
  if (url.searchParams.has('sslmode') && !url.searchParams.has('uselibpqcompat'))
    url.searchParams.set('uselibpqcompat', 'true');
  return { kind: 'postgres', name: shown.href, url: url.href, pool };
}

export function sqlitePlace(path: string): StorePlace {
  return { kind: 'sqlite', name: path, path };
}

/** The same place with a shorter wait, for a person at a terminal. SQLite answers quickly in any case. */
export function answeringWithin(place: StorePlace, answerMaxMs: number): StorePlace {
  return place.kind === 'postgres' ? { ...place, answerMaxMs } : place;
}

/** False if there is no file yet. For PostgreSQL, only opening it can tell. */
export function mayExist(place: StorePlace): boolean {
  return place.kind === 'postgres' || existsSync(place.path);
}
