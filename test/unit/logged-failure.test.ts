import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { loggedFailure } from '../../src/cli/status/stored.js';
import { settingsChange } from '../../src/settings/change.js';
import { sqlitePlace } from '../../src/stores/place.js';
import { openStore } from '../../src/stores/registry.js';

it('the failure of the last run is seen behind lines on settings and commands, until a run succeeds', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-failure-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const store = await openStore(sqlitePlace(join(folder, 'trawl.db')), 'write');
  onTestFinished(() => store.close());
  const failure = async () =>
    loggedFailure(
      await store.executionLog({ collector: 'asa', limit: 100 }),
      (await store.checkpoint('asa')).lastDateTime,
    );
  const succeed = (key: string) => store.logIdleRun('asa', key, { offset: '', generation: 0, digest: null });
  expect(await failure()).toBeNull();
  expect(await succeed('1')).toBe(true);
  expect(await failure()).toBeNull();
  await store.logFailedRun('asa', 'The key was revoked. [SETTINGS_INVALID]', '2');
  const failed = { code: 'SETTINGS_INVALID', message: 'The key was revoked.' };
  expect(await failure()).toEqual(failed);
  await store.setSettings('asa', { searchCount: '500' }, [], settingsChange('by somebody', 'key', []));
  await store.logFailedCommand('asa', 'clearEvents refused: not so.', ['a/b/1']);
  expect(await failure()).toEqual(failed);
  expect(await succeed('3')).toBe(true);
  expect(await failure()).toBeNull();
});
