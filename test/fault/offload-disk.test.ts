import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { Disk } from '../chaos/disk.js';
import { TestCollection, until } from '../support/collection.js';

it('a disk that fills up midway leaves no half file under its final name, and offloading continues when there is room', async ({
  skip,
}) => {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-disk-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const disk = Disk.make(folder, 2);
  if (!disk.small) skip('this machine lets no small file system be made');
  onTestFinished(() => disk.remove());
  const collection = await TestCollection.start({ events: 4_000 }, { SEARCH_COUNT: '1000' });
  await collection.store.setSettings(
    'sink:archive',
    { kind: 'files', path: folder, batchEvents: '500', compression: 'none' },
    [],
  );
  await collection.store.setSettings('asa', { offload: 'archive', offloadWhen: 'own-schedule' }, []);
  await collection.collect();
  const names = () => readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const handle = await collection.start({ type: 'offloadEvents', input: { collector: 'asa' } });
  await until('a step says so', async () => {
    const { raw } = await handle.describe();
    return (
      raw.pendingActivities?.some(({ lastFailure }) => lastFailure?.message?.includes('has no room left')) ?? false
    );
  });
  expect(names().filter((name) => name.includes('.part'))).toEqual([]);
  const [cursor] = await collection.store.offload.cursors('asa');
  expect(cursor).toMatchObject({ failure: expect.stringContaining('[SINK_FULL]') });
  // A person moves the existing files away.
  for (const name of readdirSync(join(folder, 'raw'))) rmSync(join(folder, 'raw', name), { recursive: true });
  disk.clear();
  const goesOn = async () => ((await collection.store.offload.cursors('asa'))[0]?.lastSeq ?? 0) > cursor!.lastSeq;
  await until('it goes on', goesOn, 60_000);
}, 120_000);
