import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Context } from '../../src/cli/context.js';
import { envSet } from '../../src/cli/verbs/env.js';
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
  const openStore = (at = join(folder, 'data', 'demo', 'trawl.db')) => {
    const store = new SqliteStore(at);
    stores.push(store);
    return store;
  };
  const settings = { storePath: join(folder, 'data', 'demo', 'trawl.db'), realStorePath: path };
  return { context: { settings, openStore } as unknown as Context, path };
}

describe('trawl env set', () => {
  it.each([['source=bogus'], ['source=asa', 'teem=x'], ['source=asa', 'asaKeySecret=x']])(
    'makes no store where it refuses %s, since the next start would then refuse the demo',
    async (...assignments) => {
      const { context, path } = contextOf();
      await expect(envSet(context, 'acme', assignments)).rejects.toMatchObject({ retry: false });
      expect(existsSync(path)).toBe(false);
    },
  );

  it('makes one for what it sets, and then knows the source', async () => {
    const { context, path } = contextOf();
    await envSet(context, 'acme', ['source=asa', 'asaTeam=acme']);
    expect(existsSync(path)).toBe(true);
    await envSet(context, 'acme', ['asaKeyId=k']);
    expect(await context.openStore(path).settings()).toEqual({
      acme: { source: 'asa', asaTeam: 'acme', asaKeyId: 'k' },
    });
  });
});
