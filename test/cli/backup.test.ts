import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DatabaseSync } from '../../src/sqlite-driver.js';
import { sqlitePlace } from '../../src/stores/place.js';
import { essence, Place, truthOf } from '../support/cli.js';
import { until } from '../support/collection.js';
import { filesIn, linesIn } from '../support/offloading.js';
import { query } from '../support/store.js';

const sqlite = { TRAWL_STORE: 'sqlite:data/trawl.db' };

/** A place with a demo team, whose events are collected. */
async function collected(events: number, settings: Record<string, string> = {}) {
  const { place, demo } = await Place.withDemo({ events }, { ...sqlite, ...settings });
  await place.collected();
  return { place, demo, path: (name: string) => join(place.folder, name) };
}

describe('trawl store backup', () => {
  it('copies a store in use as of one moment; after a restore, later events are read again', async () => {
    const { place, demo } = await Place.withDemo({ events: 6_000, latencyMs: 120 }, { ...sqlite, SEARCH_COUNT: '100' });
    const collecting = place.start('collect', 'asa');
    const stored = () =>
      query<{ n: number }>(
        sqlitePlace(join(place.folder, 'data', 'trawl.db')),
        'SELECT COUNT(*) AS n FROM audit_events',
      );
    await until('a part is stored', () =>
      stored().then(
        ([row]) => row!.n > 0,
        () => false,
      ),
    );
    const made = await place.run('store', 'backup', 'copy.db', '--json');
    expect(made).toMatchObject({ code: 0 });
    expect(collecting.child.exitCode).toBeNull();
    const [{ events, lastSeq }] = JSON.parse(made.stdout).collectors;
    expect(events).toBeGreaterThan(0);
    expect(events).toBeLessThan(6_000);
    expect(lastSeq).toBe(events);
    expect(statSync(join(place.folder, 'copy.db')).mode & 0o777).toBe(0o600);
    expect(await collecting.ended).toMatchObject({ code: 0 });
    const whole = (await place.exported()).map(essence);
    expect(whole).toEqual(truthOf(demo));

    expect(await place.run('store', 'restore', 'copy.db')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/has events.*--force.*BACKUP_REFUSED/),
    });
    expect(await place.run('store', 'restore', 'copy.db', '--force')).toMatchObject({ code: 0 });
    expect((await place.exported()).map(essence)).toEqual(whole.slice(0, events));
    const kept = readdirSync(join(place.folder, 'data')).filter((name) => name.startsWith('trawl.db.replaced-'));
    expect(kept).toHaveLength(1);
    await place.collected();
    expect((await place.exported()).map(essence)).toEqual(whole);
  }, 180_000);

  it('replaces neither a file without --force nor the store itself, and leaves nothing behind when it fails', async () => {
    const { place, path } = await collected(20);
    writeFileSync(path('copy.db'), 'precious');
    for (const args of [['copy.db'], ['data/trawl.db', '--force'], ['absent/copy.db']])
      expect(await place.run('store', 'backup', ...args)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('[BACKUP_REFUSED]'),
      });
    expect(readFileSync(path('copy.db'), 'utf8')).toBe('precious');
    expect(await place.run('store', 'backup', 'copy.db', '--force')).toMatchObject({ code: 0 });
    expect(readdirSync(place.folder).filter((name) => name.includes('.part'))).toEqual([]);
  }, 60_000);

  it('leaves no backup when it is killed, and the next one removes what it left behind', async () => {
    const { place, path } = await collected(20_000);
    const first = place.start('store', 'backup', 'copy.db');
    await until('it has begun', () => readdirSync(place.folder).some((name) => name.endsWith('.part')));
    first.signal('SIGKILL');
    await first.ended;
    if (existsSync(path('copy.db'))) return; // It was complete already.
    expect(await place.run('store', 'backup', 'copy.db')).toMatchObject({ code: 0 });
    expect(readdirSync(place.folder).filter((name) => name.includes('.part'))).toEqual([]);
  }, 120_000);

  it('and restore name the tools to use for PostgreSQL, without its password', async () => {
    const place = new Place();
    place.env.TRAWL_STORE = 'postgres://trawl:marker@db.internal/trawl';
    for (const verb of ['backup', 'restore']) {
      const { code, stderr } = await place.run('store', verb, 'copy.db');
      expect(code).toBe(1);
      expect(stderr).toContain(verb === 'backup' ? 'pg_dump' : 'pg_restore');
      expect(stderr).not.toContain('marker');
    }
  });
});

describe('trawl store restore', () => {
  it('refuses a file that is not a backup, damaged or newer, and leaves the store unchanged', async () => {
    const { place, path } = await collected(2_000);
    await place.run('store', 'backup', 'good.db');
    const before = await place.exported();
    writeFileSync(path('text.db'), 'not a database, whatever its name says, and rather long as well');
    execFileSync('truncate', ['-s', '0', path('empty.db')]);
    cpSync(path('good.db'), path('damaged.db'));
    const bytes = readFileSync(path('damaged.db'));
    bytes.fill(0xff, 4_096 * 20, 4_096 * 60);
    writeFileSync(path('damaged.db'), bytes);
    cpSync(path('good.db'), path('newer.db'));
    const newer = new DatabaseSync(path('newer.db'));
    newer.exec('PRAGMA user_version = 999');
    newer.close();
    for (const name of ['absent.db', 'text.db', 'empty.db', 'damaged.db', 'newer.db'])
      expect(await place.run('store', 'restore', name, '--force'), name).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('[BACKUP_REFUSED]'),
      });
    expect(await place.exported()).toEqual(before);
  }, 90_000);

  it('refuses while any process has the store open, and restores into an empty folder', async () => {
    const { place, path } = await collected(50);
    await place.run('store', 'backup', 'copy.db');
    const reader = new DatabaseSync(path('data/trawl.db'));
    reader.prepare('SELECT COUNT(*) FROM audit_events').get();
    expect(await place.run('store', 'restore', 'copy.db', '--force')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(new RegExp(`is in use by (.*, )?process ${process.pid} \\(.*End (it|them) first`)),
    });
    reader.close();
    place.env.TRAWL_STORE = 'sqlite:elsewhere/trawl.db';
    expect(await place.run('store', 'restore', 'copy.db')).toMatchObject({ code: 0 });
    expect(await place.exported()).toHaveLength(50);
  }, 60_000);

  it('replaces a damaged store with a good one', async () => {
    const { place, path } = await collected(50);
    await place.run('store', 'backup', 'copy.db');
    writeFileSync(path('data/trawl.db'), Buffer.alloc(8_192, 7));
    for (const end of ['-wal', '-shm']) rmSync(path(`data/trawl.db${end}`), { force: true });
    expect(await place.run('store', 'restore', 'copy.db', '--force')).toMatchObject({ code: 0 });
    expect(await place.exported()).toHaveLength(50);
  }, 60_000);
});

it('after a restore by docs/backup.md, a files sink has each event once, also those sent to it after the backup', async () => {
  const { place, demo, path } = await collected(300, { SEARCH_COUNT: '100' });
  mkdirSync(path('sink'));
  await place.run('env', 'set', 'sink:archive', 'kind=files', `path=${path('sink')}`);
  await place.run('env', 'set', 'asa', 'offload=archive', 'offloadWhen=own-schedule');
  expect(await place.run('offload', 'asa')).toMatchObject({ code: 0 });
  await place.run('store', 'backup', 'copy.db');
  // A part page at a different offset than the one after the restore.
  demo.addEvents(30);
  await place.collected();
  await place.run('offload', 'asa');
  demo.addEvents(30);
  await place.collected();
  await place.run('offload', 'asa');
  expect(linesIn(path('sink'))).toHaveLength(360);

  const restored = await place.run('store', 'restore', 'copy.db', '--force');
  const last = Number(/archive may have batches after event (\d+)/.exec(restored.stderr)![1]);
  expect(last).toBe(300);
  for (const name of filesIn(path('sink')))
    if (Number(/-(\d+)-\d+-[0-9a-f]+\./.exec(basename(name))![1]) > last) rmSync(path(join('sink', name)));
  expect(linesIn(path('sink'))).toHaveLength(300);
  await place.collected();
  expect(await place.run('offload', 'asa')).toMatchObject({ code: 0 });
  const ids = linesIn(path('sink')).map(({ id }) => id);
  expect(ids).toEqual([...demo.truth()].map(({ id }) => id));
}, 180_000);
