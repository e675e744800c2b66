import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { BatchForm } from '../../src/batch.js';
import { runInProcess } from '../../src/query/process.js';
import type { QueryResult, QueryValue } from '../../src/query/result.js';
import { schemaVersionOf } from '../../src/sinks/records.js';
import type { SinkClient } from '../../src/sinks/sink.js';
import type { FixedBatch } from '../../src/stores/offload.js';
import type { Store } from '../../src/stores/store.js';

export const nativeForm: BatchForm = {
  ...{ schema: 'native', schemaVersion: '1', format: 'ndjson', compression: 'gzip', layout: 'raw' },
};

export function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

interface Sending {
  form?: Partial<BatchForm>;
  series?: string;
  range?: FixedBatch['range'];
}

/** Sends what a sink does not have yet, in batches of three, as the activity does. */
export async function sendAll(store: Store, client: SinkClient, { form, series = '', range }: Sending = {}) {
  const wanted = {
    ...{ collector: 'asa', sink: 'archive', series, sender: { id: 'one', attempt: 1 }, leaseMs: 0, eventsMax: 3 },
    ...{ bytesMax: 1_000_000, partOnlyBefore: null, range: range ?? { sinceNs: null, untilNs: null } },
    form: { ...nativeForm, schemaVersion: schemaVersionOf(form?.schema ?? nativeForm.schema), ...form },
  };
  for (;;) {
    const batch = await store.offload.fixBatch(wanted);
    if (batch === null || batch === 'held') return;
    const events = await store.offload.batchEvents(batch);
    const sent = await client.send({
      ...{ collector: 'asa', source: 'asa', events, form: batch.form },
      name: `${series}-${batch.number}-0`.replace(/^-/, '1-'),
      ...{ firstSeq: batch.firstSeq, lastSeq: batch.lastSeq },
    });
    await store.offload.confirmBatch(batch, { ...sent, goneEvents: batch.events - events.length });
  }
}

export interface ArchiveQuestion {
  store: Store;
  client: SinkClient;
  more?: { sinceNs?: bigint; untilNs?: bigint; bytesMax?: number; collector?: string; signal?: AbortSignal };
}

/** Gathers store and archive with the built code, whose processes cannot be TypeScript. */
export async function gathered({ store, client, more = {} }: ArchiveQuestion) {
  const built = (path: string) => import(new URL(`../../dist/src/${path}`, import.meta.url).href);
  const { gather } = (await built('archive/gather.js')) as typeof import('../../src/archive/gather.js');
  const { runOnDuckDb } = (await built('query/duckdb.js')) as typeof import('../../src/query/duckdb.js');
  const { sinceNs, untilNs, bytesMax = 1_000_000, collector, signal = new AbortController().signal } = more;
  const folder = temporary();
  const fetched: string[] = [];
  const place = await gather({
    ...{
      store,
      sink: 'archive',
      client: client as never,
      collector,
      times: { sinceNs, untilNs },
      bytesMax,
      folder,
      signal,
    },
    begins: () => undefined,
    fetched: ({ name }) => fetched.push(name),
    read: () => undefined,
  });
  interface Bounds {
    withinMs?: number;
    signal?: AbortSignal;
  }
  const all = async ({ columns, rows }: QueryResult) => {
    const found: (readonly QueryValue[])[] = [];
    for await (const page of rows) found.push(...page);
    return { columns, rows: found };
  };
  const answer = (sql: string, { withinMs = 30_000, signal: ends }: Bounds = {}) =>
    runOnDuckDb(place, { sql, withinMs, ...(ends && { signal: ends }) }, all);
  /** Leaves the refusal of a statement to the process that runs it. */
  const unchecked = (sql: string) =>
    runInProcess(new URL('../../dist/src/query/duckdb-process.js', import.meta.url), { ...place, sql }, {}, all);
  return { place, fetched, answer: Object.assign(answer, { unchecked }) };
}
