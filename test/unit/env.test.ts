import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Context } from '../../src/cli/context.js';
import { envSet } from '../../src/cli/verbs/env.js';
import { mayExist, type StorePlace, sqlitePlace } from '../../src/stores/place.js';
import { SqliteStore } from '../../src/stores/sqlite/store.js';

/** A context over an empty folder, as in a fresh checkout. */
function contextOf(): { context: Context; path: string } {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-unit-'));
  const path = join(folder, 'data', 'trawl.db');
  const stores: SqliteStore[] = [];
  onTestFinished(async () => {
    for (const store of stores) await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const demo = join(folder, 'data', 'demo', 'trawl.db');
  const openStore = async (place: StorePlace = sqlitePlace(demo)) => {
    const store = new SqliteStore((place as { path: string }).path);
    stores.push(store);
    return store;
  };
  const settings = { store: sqlitePlace(demo), realStore: sqlitePlace(path) };
  const storeIfAny = async (place: StorePlace) => (mayExist(place) ? openStore(place) : undefined);
  return { context: { settings, openStore, storeIfAny } as unknown as Context, path };
}

describe('trawl env set', () => {
  it.each([['source=bogus'], ['source=asa', 'teem=x'], ['source=asa', 'asaKeySecret=x']])(
    'creates no store if it refuses %s, since the next start would then not run the demo',
    async (...assignments) => {
      const { context, path } = contextOf();
      await expect(envSet(context, 'acme', assignments)).rejects.toMatchObject({ retry: false });
      expect(existsSync(path)).toBe(false);
    },
  );

  it('creates a store for its settings, and then knows the source', async () => {
    const { context, path } = contextOf();
    await envSet(context, 'acme', ['source=asa', 'asaTeam=acme']);
    expect(existsSync(path)).toBe(true);
    await envSet(context, 'acme', ['asaKeyId=k']);
    expect(await (await context.openStore(sqlitePlace(path))).settings()).toEqual({
      acme: { source: 'asa', asaTeam: 'acme', asaKeyId: 'k' },
    });
  });
});
