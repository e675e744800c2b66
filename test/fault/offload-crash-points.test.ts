import { hash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { it } from 'vitest';
import { parsedEntry } from '../../src/proof/parsed-entry.js';
import type { Store } from '../../src/stores/store.js';
import { verifyCollector } from '../../src/stores/verify.js';
import { crashingWorker, startCrashing } from '../support/crashing.js';

/** Every gap between two effects of an offloading. */
const points = [
  'before a batch is fixed',
  'a batch is fixed, not sent',
  'a file is written, not under its name yet',
  'a file of several is there',
  'a batch is sent, not confirmed',
  'inside the confirmation, before the cursor',
  'before the confirmation is committed',
  'a batch is confirmed, not acknowledged',
  'the last batch is confirmed, not acknowledged',
  'before events are cleared',
  'events are cleared, not acknowledged',
  'before old rows are deleted',
  'before the file shrinks',
];

it('the crashing worker knows these points', async ({ expect }) => {
  expect(Object.keys((await import(crashingWorker)).offloadPoints)).toEqual(points);
});

for (const point of points) {
  it.concurrent(`if the process dies when ${point}, every event is in the files once`, async ({
    expect,
    onTestFinished,
  }) => {
    const { demo, store, folder, client, taskQueue, crashes } = await startCrashing(
      point,
      { events: 600 },
      { onTestFinished },
      async (made, path) => {
        mkdirSync(join(path, 'files'));
        const rows = { kind: 'files', path: join(path, 'files'), compression: 'none', batchEvents: '100' };
        await made.setSettings('sink:archive', rows, []);
        await made.setSettings('asa', { offload: 'archive', offloadWhen: 'own-schedule', retainDays: '30' }, []);
      },
    );
    let runs = 0;
    const run = (type: string) => {
      runs += 1;
      const workflowId = `${taskQueue}-${runs}`;
      return client.workflow.execute(type, { workflowId, taskQueue, args: [{ collector: 'asa' }] });
    };
    const offloaded = () => lines(join(folder, 'files')).map(({ id, timestamp }) => `${id} ${timestamp}`);
    const truth = () => [...demo.truth()].map(({ id, timestamp }) => `${id} ${timestamp}`);

    await run('recurringAuditCollection');
    await run('offloadEvents');
    expect(crashes()).toEqual({ count: 1, atPoint: true });
    expect(offloaded()).toEqual(truth());
    expect(await store.offload.cursors('asa')).toMatchObject([{ lastSeq: 600, batches: 6, events: 600 }]);

    // Neither way brings back cleared events.
    const left = await store.eventCount('asa');
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(600);
    await store.resetCheckpoint('asa', ['again']);
    demo.addEvents(30);
    await run('recurringAuditCollection');
    await run('offloadEvents');
    expect(offloaded()).toEqual(truth());
    expect(await store.eventCount('asa')).toBe(left + 30);
    expect(await verifyCollector(store.proof, 'asa')).toMatchObject({ contradictions: [], unchecked: [] });
    expect(await provenFiles(store)).toEqual(hashesOf(join(folder, 'files')));
  }, 120_000);
}

/** The hash of each file that the journal says a batch has written, in the order of their names. */
async function provenFiles(store: Store): Promise<string[]> {
  return (await store.proof.entries('asa', 0, 1_000))
    .map(({ entry }) => parsedEntry(entry))
    .filter((entry) => entry?.kind === 'object')
    .map(({ name, sha256 }) => `${JSON.parse(name)} ${sha256}`)
    .sort();
}

function hashesOf(path: string): string[] {
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.startsWith('_proof') && statSync(join(path, name)).isFile())
    .map((name) => `${name} ${hash('sha256', readFileSync(join(path, name)), 'hex')}`)
    .sort();
}

/** All records, in the order of their sequence numbers. Fails if there is anything other than complete files. */
function lines(path: string): { id: string; timestamp: string; seq: number }[] {
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.startsWith('_proof') && statSync(join(path, name)).isFile())
    .flatMap((name) => {
      if (!basename(name).endsWith('.ndjson')) throw new Error(`${name} was left behind`);
      return readFileSync(join(path, name), 'utf8').trim().split('\n');
    })
    .map((line) => JSON.parse(line) as { id: string; timestamp: string; seq: number })
    .sort((a, b) => a.seq - b.seq);
}
