import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';
import type { DemoAsaOptions } from '../../demo/asa/server.js';
import type { OffloadProgress } from '../../workflows/messages.js';
import { TestCollection } from './collection.js';
import { makeNamespace } from './namespace.js';

export function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'trawl-offload-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** A collection whose events go to these sinks. */
export async function offloading(
  sinks: Record<string, Record<string, string>>,
  demo: DemoAsaOptions = {},
  settings: Record<string, string> = {},
): Promise<TestCollection> {
  // The offloadings that runs begin have the collector's name in a namespace.
  const more = settings.offloadWhen ? { namespace: await makeNamespace() } : {};
  const collection = await TestCollection.start({ events: 3_000, ...demo }, { SEARCH_COUNT: '500' }, undefined, more);
  for (const [name, rows] of Object.entries(sinks)) await collection.store.setSettings(`sink:${name}`, rows, []);
  const offload = Object.keys(sinks).join(',');
  await collection.store.setSettings('asa', { offload, offloadWhen: 'own-schedule', ...settings }, []);
  return collection;
}

export async function offload(collection: TestCollection, input: object = {}): Promise<OffloadProgress> {
  const handle = await collection.start({ type: 'offloadEvents', input: { collector: 'asa', ...input } });
  return (await handle.result()) as OffloadProgress;
}

/** Files of events: not what is hidden, nor the heads of the proof. */
export function filesIn(path: string): string[] {
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.includes('_proof/') && !basename(name).startsWith('.'))
    .filter((name) => statSync(join(path, name)).isFile())
    .sort();
}

/** Ids and raw events of all NDJSON files, in the order of their batches. */
export function linesIn(path: string): { id: string; raw: unknown; seq: number }[] {
  return filesIn(path)
    .flatMap((name) =>
      gunzipSync(readFileSync(join(path, name)))
        .toString()
        .trim()
        .split('\n'),
    )
    .map((line) => JSON.parse(line) as { id: string; seq: number; raw_event: unknown })
    .map(({ id, seq, raw_event: raw }) => ({ id, seq, raw }))
    .sort((a, b) => a.seq - b.seq);
}

export function truthOf(collection: TestCollection): { id: string; raw: unknown }[] {
  return [...collection.demo.truth()].map(({ id, details }) => ({ id, raw: JSON.parse(details) as unknown }));
}

export const withoutSeq = (lines: { id: string; raw: unknown }[]) => lines.map(({ id, raw }) => ({ id, raw }));
