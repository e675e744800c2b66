import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Place } from '../support/cli.js';
import { until } from '../support/collection.js';
import { filesIn } from '../support/offloading.js';

const sqlite = { TRAWL_STORE: 'sqlite:data/trawl.db' };

/** Runs trawl with a umask that differs from the tests'; Node.js cannot set one only for a child. */
async function withUmask<T>(umask: number, start: () => T): Promise<T> {
  const before = process.umask(umask);
  try {
    return start();
  } finally {
    process.umask(before);
  }
}

function modesIn(folder: string): Record<string, string> {
  const paths = ['.', ...(readdirSync(folder, { recursive: true }) as string[])];
  const modes = paths.flatMap((path) => {
    const stats = statSync(join(folder, path), { throwIfNoEntry: false });
    return stats ? [[path, (stats.mode & 0o777).toString(8)]] : [];
  });
  return Object.fromEntries(modes);
}

/** All files seen while it ran whose mode has a bit of the mask. */
async function watched(place: Place, folder: string, mask: number, ended: Promise<unknown>): Promise<string[]> {
  const seen = new Set<string>();
  const look = () => {
    if (!existsSync(join(place.folder, folder))) return;
    for (const [path, mode] of Object.entries(modesIn(join(place.folder, folder))))
      if (Number.parseInt(mode, 8) & mask) seen.add(`${path} ${mode}`);
  };
  let over = false;
  void ended.then(() => {
    over = true;
  });
  await until('it has ended', () => {
    look();
    return over;
  });
  return [...seen];
}

describe.each([0o022, 0o000])('with the umask %o', (umask) => {
  it('nothing that Trawl creates is accessible to others, while it runs and afterwards', async () => {
    const { place } = await Place.withDemo(
      { events: 1_500, latencyMs: 20 },
      { ...sqlite, TRAWL_DATA: 'own/data', TRAWL_STORE: 'sqlite:own/data/trawl.db', SEARCH_COUNT: '100' },
    );
    const collecting = await withUmask(umask, () => place.start('collect', 'asa'));
    expect(await watched(place, 'own', 0o077, collecting.ended)).toEqual([]);
    expect(await collecting.ended).toMatchObject({ code: 0 });
    const made = modesIn(join(place.folder, 'own'));
    expect(made).toMatchObject({
      '.': '700',
      data: '700',
      'data/trawl.db': '600',
      'data/instance.lock': '600',
      'data/temporal.db': '600',
    });

    for (const args of [
      ['store', 'copy', 'sqlite:own/data/trawl.db', 'sqlite:own/copies/copy.db', '--force'],
      ['store', 'backup', 'own/backup.db'],
      ['store', 'restore', 'own/backup.db', '--force'],
      ['collect', 'asa'],
    ])
      expect(await (await withUmask(umask, () => place.start(...args))).ended, args.join(' ')).toMatchObject({
        code: 0,
      });
    for (const [path, mode] of Object.entries(modesIn(join(place.folder, 'own'))))
      expect(Number.parseInt(mode, 8) & 0o077, path).toBe(0);
  }, 120_000);
});

it('a group may read what TRAWL_FILE_MODE allows, and files of a sink follow the umask', async () => {
  const { place } = await Place.withDemo(
    { events: 100 },
    { TRAWL_DATA: 'own', TRAWL_STORE: 'sqlite:own/trawl.db', TRAWL_FILE_MODE: '0640' },
  );
  mkdirSync(join(place.folder, 'sink'));
  const run = async (...args: string[]) => (await withUmask(0o022, () => place.start(...args))).ended;
  await run('env', 'set', 'sink:archive', 'kind=files', `path=${join(place.folder, 'sink')}`);
  await run('env', 'set', 'asa', 'offload=archive', 'offloadWhen=own-schedule');
  expect(await run('collect', 'asa')).toMatchObject({ code: 0 });
  expect(modesIn(join(place.folder, 'own'))).toMatchObject({ '.': '750', 'trawl.db': '640' });
  delete place.env.TRAWL_FILE_MODE;
  expect(await run('offload', 'asa')).toMatchObject({ code: 0 });
  const [file] = filesIn(join(place.folder, 'sink'));
  const modes = modesIn(join(place.folder, 'sink'));
  expect(modes[file!]).toBe('640');
  expect(
    Object.entries(modes).filter(([path, mode]) => !/\.\w+$/.test(path) && path !== '.' && mode !== '750'),
  ).toEqual([]);
  // Permissions that a person granted stay.
  expect(modesIn(join(place.folder, 'own'))).toMatchObject({ '.': '750', 'trawl.db': '640' });
}, 90_000);

it('at the start, files of earlier versions lose the access of others and keep that of their group', async () => {
  const { place } = await Place.withDemo({ events: 20 }, sqlite);
  const data = join(place.folder, 'data');
  expect(await place.run('collect', 'asa')).toMatchObject({ code: 0 });
  for (const name of readdirSync(data)) chmodSync(join(data, name), 0o644);
  writeFileSync(join(data, 'somebody-elses'), '');
  chmodSync(join(data, 'somebody-elses'), 0o644);
  chmodSync(data, 0o755);
  const { stderr } = await place.run('collect', 'asa');
  expect(stderr.split('\n').filter((line) => line.startsWith('Other users had access to'))).toHaveLength(1);
  const { 'somebody-elses': other, '.': folder, ...own } = modesIn(data);
  expect([folder, other]).toEqual(['750', '644']);
  expect(own['trawl.db']).toBe('640');
  for (const [path, mode] of Object.entries(own)) expect(Number.parseInt(mode, 8) & 0o007, path).toBe(0);
  expect((await place.run('collect', 'asa')).stderr).not.toContain('Other users');
}, 90_000);

it('any other mode is refused', async () => {
  const place = new Place();
  place.env.TRAWL_FILE_MODE = '0644';
  expect(await place.run('status')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('TRAWL_FILE_MODE must be 0600 or 0640'),
  });
});
