import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Context } from '../../src/cli/context.js';
import { envSet, envUnset } from '../../src/cli/verbs/env-set.js';
import { mayExist, type StorePlace, sqlitePlace } from '../../src/stores/place.js';
import { SqliteStore } from '../../src/stores/sqlite/store.js';

/** A context over an empty folder, as in a fresh checkout. */
function contextOf(demoRuns = false): { context: Context; path: string; demo: string } {
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
  const settings = {
    demo: true,
    demoRuns,
    dataDir: dirname(demo),
    store: sqlitePlace(demo),
    realStore: sqlitePlace(path),
  };
  const storeIfAny = async (place: StorePlace = sqlitePlace(demo)) => (mayExist(place) ? openStore(place) : undefined);
  return { context: { settings, environment: () => ({}), openStore, storeIfAny } as unknown as Context, path, demo };
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

  it('and unset leave old value, new value and origin in the execution log, but no secret', async () => {
    const { context, path } = contextOf();
    await envSet(context, 'acme', ['source=descope', 'descopeText=a', 'descopeManagementKeyFile=/run/secrets/acme']);
    const store = await context.openStore(sqlitePlace(path));
    // Written by other means, or by mistake instead of its location.
    await store.setSettings('acme', { descopeManagementKey: 'hunter2', descopeManagementKeyEnv: 'hunter2' }, []);
    const inStore = { ...context, existingStore: async () => store } as unknown as Context;
    await envUnset(inStore, 'acme', ['descopeText', 'descopeManagementKey', 'descopeManagementKeyEnv']);
    await envSet(context, 'sink:siem', ['kind=splunk', 'tokenEnv=PGPASSWORD']);
    await envSet(context, 'sink:hook', ['kind=webhook', 'url=https://hooks.example/T0/hunter2?key=hunter2']);
    await envSet(context, 'sink:hook', ['urlFile=/run/secrets/hook']);
    const lines = await store.executionLog({ limit: 100 });
    const told = lines.map(({ collector, notes }) => `${collector}: ${notes}`);
    const by = (verb: string) => `: trawl env ${verb} by ${userInfo().username} on ${hostname()}`;
    expect(told).toContain(`acme: Setting descopeText changed from not set to "a"${by('set')}`);
    expect(told).toContain(`acme: Setting descopeText changed from "a" to not set${by('unset')}`);
    expect(told).toContain(
      `acme: Setting descopeManagementKeyFile changed from not set to "/run/secrets/acme"${by('set')}`,
    );
    expect(told).toContain(`sink:hook: Setting url changed from not set to "https://hooks.example/…"${by('set')}`);
    expect(told).toContain(`sink:hook: Setting urlFile changed from not set to "/run/secrets/hook"${by('set')}`);
    // The name of a variable tells what somebody was after.
    expect(told).toContain(`sink:siem: Setting tokenEnv changed from not set to "PGPASSWORD"${by('set')}`);
    expect(told.length).toBe(11);
    expect(told.join()).not.toContain('hunter2');
  });

  it('creates a store for its settings, and then knows the source', async () => {
    const { context, path } = contextOf();
    await envSet(context, 'acme', ['source=asa', 'asaTeam=acme']);
    expect(existsSync(path)).toBe(true);
    await envSet(context, 'acme', ['asaKeyId=k']);
    expect(await (await context.openStore(sqlitePlace(path))).settings()).toEqual({
      acme: { source: 'asa', asaTeam: 'acme', asaKeyId: 'k' },
    });
  });

  describe('while the demo runs', () => {
    const isTerminal = process.stdin.isTTY;
    afterEach(() => {
      process.stdin.isTTY = isTerminal;
      vi.restoreAllMocks();
    });

    it('offloads the events of the demo, whose store it keeps to', async () => {
      const { context, path, demo } = contextOf(true);
      expect(await envSet(context, 'sink:archive', ['kind=files', 'path=/tmp/archive'])).toBe(0);
      expect(await envSet(context, 'asa', ['offload=archive'])).toBe(0);
      expect(existsSync(path)).toBe(false);
      expect(await (await context.openStore(sqlitePlace(demo))).settings()).toMatchObject({
        asa: { offload: 'archive' },
      });
    });

    it('moves to data of the own only if asked to, says so, and keeps both apart', async () => {
      process.stdin.isTTY = false;
      const { context, path } = contextOf(true);
      const rows = ['source=asa', 'asaTeam=acme'];
      await expect(envSet(context, 'acme', rows)).rejects.toMatchObject({
        code: 'INPUT_INVALID',
        message: expect.stringMatching(/demo runs here.*trawl\.db/),
        hint: expect.stringContaining('--own'),
      });
      expect(existsSync(path)).toBe(false);
      const told = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
      expect(await envSet(context, 'acme', rows, { own: true })).toBe(0);
      expect(told.mock.calls.join()).toMatch(/demo still runs.*Ctrl-C.*trawl up/);
      expect(await (await context.openStore(sqlitePlace(path))).settings()).toHaveProperty('acme');
    });
  });

  it('says that it leaves a demo that ran before', async () => {
    const { context, demo } = contextOf();
    await context.openStore(sqlitePlace(demo));
    const told = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    await envSet(context, 'sink:archive', ['kind=files', 'path=/tmp/archive']);
    expect(told.mock.calls.join()).toMatch(/your own data.*The demo is over.*data\/demo/);
    vi.restoreAllMocks();
  });
});
