import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { root } from '../../scripts/setup.mjs';
import { isRequired } from '../../src/settings/definition.js';
import { sourceKinds } from '../../src/sources/kinds.js';
import { sources } from '../../src/sources/registry.js';
import { SqliteStore } from '../../src/stores/sqlite/store.js';
import { event, page } from '../conformance/pages.js';

/** The files that a process loads, according to V8, which lists every script for its coverage. */
async function loadedBy(args: readonly string[]): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-loaded-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const store = new SqliteStore(join(folder, 'trawl.db'));
  await store.setSettings('asa', { source: 'asa' }, []);
  await store.writePage(page([event('a')]));
  await store.close();
  const coverage = join(folder, 'coverage');
  const env = { PATH: process.env.PATH, HOME: folder, TRAWL_DATA: folder, NODE_V8_COVERAGE: coverage };
  await promisify(execFile)(process.execPath, [...args], { cwd: folder, env }).catch((error: { code: unknown }) => {
    // `status` finds that nothing has been collected.
    if (error.code !== 3) throw error;
  });
  const scripts = readdirSync(coverage).flatMap((name) => {
    const { result } = JSON.parse(readFileSync(join(coverage, name), 'utf8')) as { result: { url: string }[] };
    return result.map(({ url }) => url);
  });
  return [...new Set(scripts)].filter((url) => url.startsWith('file:'));
}

function packagesOf(files: readonly string[]): string[] {
  const names = files.flatMap((file) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []);
  return [...new Set(names)].sort();
}

const sqlite = ['@photostructure/sqlite', 'commander', 'node-gyp-build'];

describe('a command loads only what it needs, since each file takes about a millisecond of a processor', () => {
  it.each([
    [['--version'], 32, ['commander']],
    [['--help'], 58, ['commander']],
    [['__complete', 'bash', 'ev'], 60, ['commander']],
    [['__complete', 'bash', 'events', ''], 123, sqlite],
    [['env', 'get'], 118, sqlite],
    [['log'], 120, sqlite],
    [['events', '--limit', '5'], 126, sqlite],
    [['events', 'show', '1'], 130, sqlite],
    [['status'], 269, [...sqlite, '@temporalio/common', '@temporalio/envconfig', 'smol-toml', 'zod'].sort()],
    [['events', '--wide'], 130, sqlite],
  ] as const)('trawl %j: at most %i files', async (args, most, packages) => {
    const files = await loadedBy([join(root, 'bin', 'trawl'), ...args]);
    expect(packagesOf(files)).toEqual(packages);
    expect(files.length).toBeLessThanOrEqual(most);
  });
});

it('kinds.ts and registry.ts name the same sources, with the settings that set one up', async () => {
  const needed = sources.map(({ kind, retentionDays, settings }) => ({
    kind,
    retentionDays,
    settings: settings.filter(isRequired).map(({ env }) => ({ env })),
  }));
  expect(sourceKinds.map(({ everySetting: _, title: __, ...kind }) => kind)).toEqual(needed);
  const settings = await Promise.all(sourceKinds.map(({ everySetting }) => everySetting()));
  expect(settings).toEqual(sources.map((source) => source.settings));
});
