import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { SqliteStore } from '../../src/stores/sqlite/store.js';
import { called, inOwnFolder } from './support/called.js';

let folder = '';

beforeEach(() => {
  folder = inOwnFolder();
  vi.stubEnv('ASA_TEAM', 'first');
});

async function table(change?: (store: SqliteStore) => Promise<void>) {
  const store = new SqliteStore(join(folder, 'data', 'trawl.db'));
  await change?.(store);
  const found = await store.settings();
  await store.close();
  return found;
}

const init = (...args: string[]) => called('init', 'asa', '--no-check', '--set', 'ASA_TEAM=acme', ...args);
const hasStore = () => existsSync(join(folder, 'data', 'trawl.db'));

it('sets up a second team in one step: its settings are in the table, its secret in a file', async () => {
  writeFileSync(join(folder, '.env'), 'ASA_KEY_ID=of-the-first\n');
  writeFileSync(join(folder, 'key'), 'hunter2', { mode: 0o600 });
  const flags = ['--set', 'ASA_KEY_ID=k', '--secret-file', `ASA_KEY_SECRET=${join(folder, 'key')}`];
  const { code, stdout } = await init('--name', 'acme-prod', ...flags);
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('trawl collect acme-prod') });
  const rows = { source: 'asa', asaTeam: 'acme', asaKeyId: 'k', asaKeySecretFile: join(folder, 'key') };
  expect(await table()).toEqual({ 'acme-prod': rows });
  expect(readFileSync(join(folder, '.env'), 'utf8')).toBe('ASA_KEY_ID=of-the-first\n');
  // The same once more changes nothing, and something else needs a yes.
  expect(await init('--name', 'acme-prod', ...flags)).toMatchObject({ code: 0 });
  const other = await init('--name', 'acme-prod', ...flags, '--set', 'ASA_KEY_ID=other');
  expect(other).toMatchObject({ code: 1, stderr: expect.stringMatching(/different asaKeyId.*--force/) });
  expect(await table()).toEqual({ 'acme-prod': rows });
});

it('keeps a secret that is read or typed in .env, for this collector alone', async () => {
  const { setUpNamed } = await import('../../src/cli/init/named.js');
  const { Context } = await import('../../src/cli/context.js');
  const { sourceOf } = await import('../../src/sources/registry.js');
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  onTestFinished(() => void vi.restoreAllMocks());
  const setUp = async (name: string, secret: string, force = false) => {
    const context = new Context();
    const given = { ASA_TEAM: 'acme', ASA_KEY_ID: 'k', ASA_KEY_SECRET: secret };
    return setUpNamed(context, sourceOf('asa'), name, given, { force }).finally(() => context.close());
  };
  expect(await setUp('acme-prod', 'hunter2')).toBe(0);
  expect(readFileSync(join(folder, '.env'), 'utf8')).toBe('TRAWL_SECRET_ACME_PROD_ASA_KEY_SECRET=hunter2\n');
  expect(statSync(join(folder, '.env')).mode & 0o777).toBe(0o600);
  expect(await table()).toMatchObject({
    'acme-prod': { asaKeySecretEnv: 'TRAWL_SECRET_ACME_PROD_ASA_KEY_SECRET' },
  });
  expect(JSON.stringify(written.mock.calls)).not.toContain('hunter2');
  await expect(setUp('acme-prod', 'other')).rejects.toThrow('already has a different');
  await expect(setUp('acme.prod', 'other', true)).rejects.toThrow('is that of acme-prod');
  expect(await setUp('acme-prod', 'other', true)).toBe(0);
  expect(readFileSync(join(folder, '.env'), 'utf8')).toBe('TRAWL_SECRET_ACME_PROD_ASA_KEY_SECRET=other\n');
  // A file takes its place.
  writeFileSync(join(folder, 'key'), 'hunter2');
  const flags = ['--set', 'ASA_KEY_ID=k', '--secret-file', `ASA_KEY_SECRET=${join(folder, 'key')}`];
  expect(await init('--name', 'acme-prod', ...flags, '--force')).toMatchObject({ code: 0 });
  expect((await table())['acme-prod']).toEqual({
    source: 'asa',
    asaTeam: 'acme',
    asaKeyId: 'k',
    asaKeySecretFile: join(folder, 'key'),
  });
});

it.each([
  ['a name that none can have', ['--name', 'Acme Prod'], /cannot be the name of a collector/],
  ['a setting that is missing', ['--name', 'acme-prod'], /asa needs ASA_KEY_ID/],
  ['a setting that does not exist', ['--name', 'acme-prod', '--set', 'ASA_TEEM=x'], /did you mean ASA_TEAM/],
  ['a secret on the command line', ['--set', 'ASA_KEY_SECRET=marker-1'], /SECRET_REFUSED/],
  ['a value that is wrong', ['--set', 'ASA_TEAM=a/b'], /must be the name in/],
  ['a file that is not there', ['--secret-file', 'ASA_KEY_SECRET=/absent'], /no file \/absent/],
])('%s is a wrong call, and nothing is written', async (_, args, words) => {
  const { code, stdout, stderr } = await init(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(words);
  expect(stderr).not.toContain('marker-1');
  expect(existsSync(join(folder, '.env'))).toBe(false);
  expect(hasStore()).toBe(false);
});

it('a file that rows of the table may not name is refused before anything is written', async () => {
  const elsewhere = mkdtempSync(join(tmpdir(), 'trawl-elsewhere-'));
  onTestFinished(() => rmSync(elsewhere, { recursive: true }));
  writeFileSync(join(elsewhere, 'key'), 'x');
  const flags = ['--set', 'ASA_KEY_ID=k', '--secret-file', `ASA_KEY_SECRET=${join(elsewhere, 'key')}`];
  const { code, stderr } = await init('--name', 'acme-prod', ...flags);
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/TRAWL_SECRET_FOLDERS.*--secret-stdin/) });
  expect(hasStore()).toBe(false);
});
