import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WorkflowFailedError } from '@temporalio/client';
import { expect, it, onTestFinished } from 'vitest';
import { root } from '../../scripts/setup.mjs';
import { startWorker } from '../../src/worker.js';
import { TestCollection, until } from '../support/collection.js';

const bundle = join(root, 'dist', 'workflow-bundle.js');

/** The bundle of a release that does not have the type `resetCheckpoint` yet. */
function olderBundle(): string {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-bundle-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const code = readFileSync(bundle, 'utf8');
  const older = code.replace(/resetCheckpoint: (?=\(\) => \(\/\* reexport)/, 'notYet: ');
  expect(older).not.toBe(code);
  const path = join(folder, 'bundle.js');
  writeFileSync(path, older);
  return path;
}

it('a run of an unknown type fails at once and lists the types, but not while a newer worker polls', async () => {
  const collection = await TestCollection.start({ events: 1 });
  const wrong = await collection.start({ type: 'recuringAuditCollection' });
  const failure = await wrong.result().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(WorkflowFailedError);
  expect((failure as WorkflowFailedError).cause).toMatchObject({
    type: 'INPUT_INVALID',
    message: expect.stringMatching(/"recuringAuditCollection" \(known: recurringAuditCollection, .*setEnvironment/),
  });

  const { store, env } = collection;
  const { temporal, taskQueue } = collection;
  const release = { version: '0.0.1', workflows: olderBundle(), identity: 'older' };
  const older = await startWorker({ temporal, store, env, taskQueue, release });
  await collection.stopWorker();
  // The newer worker has polled just now: it counts as being there.
  const run = await collection.start({ type: 'resetCheckpoint' });
  const failures = async () =>
    ((await run.fetchHistory()).events ?? []).filter((event) => event.workflowTaskFailedEventAttributes).length;
  await until('the older worker has been offered the run', async () => (await failures()) > 0);
  expect((await run.describe()).status.name).toBe('RUNNING');
  await older.stop();
  await collection.startWorker();
  await run.result();
});
