import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../src/stores/registry.js';
import type { Store } from '../src/stores/store.js';
import { offloadId, taskQueue } from '../src/temporal/names.js';
import type { OffloadProgress } from '../workflows/messages.js';
import { type Bed, startBed } from './bed.js';
import { type Figure, type Measured, whole } from './figures.js';
import { Pages } from './fill.js';
import { peakBytes } from './processes.js';
import type { Sizes, StoreKind } from './sizes.js';
import { closing, type Stores, storeNames } from './stores.js';

const forms = [
  { name: 'ndjson gzip', settings: { format: 'ndjson', compression: 'gzip' } },
  { name: 'ndjson zstd', settings: { format: 'ndjson', compression: 'zstd' } },
  { name: 'csv gzip', settings: { format: 'csv', compression: 'gzip' } },
  { name: 'parquet', settings: { format: 'parquet' } },
] as const;

/**
 * Measures `trawl offload` to files in a worker process, with a new sink for each value, so that each sends every
 * event.
 */
export async function offload({ runs, stores: kinds, offloadEvents }: Sizes, stores: Stores): Promise<Measured> {
  const figures: Figure[] = [];
  for (const kind of kinds) figures.push(...(await offloadOf(stores, kind, runs, offloadEvents)));
  return { figures };
}

function offloadOf(stores: Stores, kind: StoreKind, runs: number, events: number): Promise<Figure[]> {
  return closing(async (all) => {
    const place = await stores.make(kind);
    all.later(() => place.remove());
    const store = await openStore(place.place);
    all.later(() => store.close());
    console.error(`${kind}: filling a store with ${whole(events)} events …`);
    await (await Pages.make(events)).fill(store, events);
    const folder = mkdtempSync(join(tmpdir(), 'trawl-bench-offload-'));
    all.later(() => rmSync(folder, { recursive: true, force: true }));
    const sinkOf = (form: number, run: number) => `form-${form}-${run}`;
    const sinks: string[] = [];
    for (const [form, { settings }] of forms.entries()) {
      for (let run = 0; run < runs; run += 1) {
        const sink = sinkOf(form, run);
        sinks.push(sink);
        mkdirSync(join(folder, sink));
        await store.setSettings(`sink:${sink}`, { kind: 'files', path: join(folder, sink), ...settings }, []);
      }
    }
    // Nothing is collected, so this address receives no request.
    const env = {
      ASA_TEAM: 'bench',
      ASA_KEY_ID: 'bench',
      ASA_KEY_SECRET: 'bench',
      ASA_BASE_URL: 'http://127.0.0.1:9/v1',
    };
    await store.setSettings('asa', { offload: sinks.join(',') }, []);
    const bed = await startBed({ store: place, env });
    all.later(() => bed.close());
    const read: number[] = [];
    const rates = forms.map((): number[] => []);
    for (let run = 0; run < runs; run += 1) {
      read.push(await readAll(store, events));
      for (const form of forms.keys()) {
        rates[form]!.push(await offloadOnce(bed, sinkOf(form, run), events));
        rmSync(join(folder, sinkOf(form, run)), { recursive: true, force: true });
      }
    }
    const to = { name: 'read from the store', values: read };
    return [
      { name: `${storeNames[kind]}, read from the store`, unit: 'rows/s', values: read },
      ...forms.map(({ name }, form) => ({
        name: `${storeNames[kind]}, ${name}`,
        unit: 'rows/s',
        values: rates[form]!,
        to,
      })),
      {
        name: `${storeNames[kind]}, all of these`,
        unit: 'MB, peak of the worker',
        values: [peakBytes(bed.worker.pid!) / 1_048_576],
      },
    ];
  });
}

/** Reads the events as an offloading does. */
async function readAll(store: Store, events: number): Promise<number> {
  const startedAt = performance.now();
  let count = 0;
  for (let afterSeq = 0; ; ) {
    const page = await store.events({ collector: 'asa', afterSeq }, 1_000);
    if (page.length === 0) break;
    count += page.length;
    afterSeq = page.at(-1)!.seq;
  }
  if (count !== events) throw new Error(`The store has ${count} events.`);
  return events / ((performance.now() - startedAt) / 1_000);
}

async function offloadOnce({ client }: Bed, sink: string, events: number): Promise<number> {
  const startedAt = performance.now();
  const { sinks }: OffloadProgress = await client.workflow.execute('offloadEvents', {
    workflowId: offloadId('asa'),
    taskQueue,
    args: [{ collector: 'asa', now: true, sinks: [sink] }],
  });
  if (sinks[sink]?.events !== events) throw new Error(`The sink got ${sinks[sink]?.events} events.`);
  return events / ((performance.now() - startedAt) / 1_000);
}
