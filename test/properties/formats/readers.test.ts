import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { StoredEvent } from '../../../src/domain.js';
import { noFormula } from '../../../src/formats/csv-cells.js';
import { files } from '../../../src/sinks/files/sink.js';
import { records, schemaVersionOf } from '../../../src/sinks/records.js';
import { batchForm } from '../../../src/sinks/settings.js';
import { type Root, readRoots } from '../../support/readers.js';
import { batchOf, event, hostileEvents, open, settingsOf } from '../../unit/sinks/support.js';

/** Half a surrogate pair, numbers that no double holds, keys that occur twice, and what a logged person may have chosen. */
const events = [
  ...[event(100), event(101, { timestamp: '2026-11-24T10:20:30Z', rawEvent: '{"half":"\\ud800","n":1e999}' })],
  event(102, { rawEvent: '{"n":123456789012345678901234567890,"a":1,"a":"b","id":[1,"c",{}],"id":null}' }),
  ...hostileEvents,
];

const row = ({ seq, id, rawEvent }: StoredEvent) => [String(seq), id, rawEvent].map((text) => text.toWellFormed());
const native = { columns: ['seq', 'id', 'raw_event'], row };
const lineOf = (schema: string) => (one: StoredEvent) => {
  const form = { ...batchOf([]).form, schema, schemaVersion: schemaVersionOf(schema) };
  return records(batchOf([one], { form }))[0]!.json.toWellFormed();
};

interface Case {
  settings: Record<string, string>;
  columns: string[];
  row(event: StoredEvent): string[];
}

const cases: Record<string, Case> = {
  Parquet: { settings: { FORMAT: 'parquet' }, ...native },
  'Parquet in OCSF': {
    settings: { FORMAT: 'parquet', SCHEMA: 'ocsf' },
    columns: ['raw_data'],
    row: ({ rawEvent }) => [rawEvent.toWellFormed()],
  },
  'Parquet in ECS': {
    settings: { FORMAT: 'parquet', SCHEMA: 'ecs' },
    columns: ['event'],
    row: (one) => [lineOf('ecs')(one)],
  },
  'NDJSON with texts': { settings: { RAW_EVENT: 'text' }, ...native },
  CSV: {
    settings: { FORMAT: 'csv', COMPRESSION: 'none' },
    ...native,
    row: (one) => row({ ...one, id: noFormula(one.id) }),
  },
};

const sorted = (rows: string[][]) => rows.map((cells) => JSON.stringify(cells)).sort();

const ofBoth = ['acme', 'beta'].map((collector) => events.map((one) => ({ ...one, collector })));

/** Sends the events of two collectors to a new sink, each in two batches. */
async function written(path: string, variables: Record<string, string>): Promise<void> {
  mkdirSync(path);
  const all = { PATH: path, FOLDER_NAMES: 'trawl', ...variables };
  const values = settingsOf(files, all);
  const [client, form] = [open(files, all), batchForm(values, values)];
  for (const own of ofBoth)
    for (const part of [own.slice(0, 4), own.slice(4)]) {
      const { collector, seq } = part[0]!;
      await client.send(batchOf(part, { form, collector, name: `1-${seq}` }));
    }
}

it('a folder of each format is read as a whole by pyarrow, pandas, polars and DuckDB', async ({ skip }) => {
  const base = mkdtempSync(join(tmpdir(), 'trawl-readers-'));
  onTestFinished(() => rmSync(base, { recursive: true }));
  const pathOf = (name: string) => join(base, name.replaceAll(' ', '-'));
  const asked: Record<string, Root> = {};
  for (const [name, { settings, columns }] of Object.entries(cases)) {
    await written(pathOf(name), settings);
    asked[pathOf(name)] = { format: settings.FORMAT ?? 'ndjson', columns };
  }
  const found = await readRoots(asked);
  if (!found)
    return skip('pyarrow, pandas, polars and duckdb for Python are not here: node scripts/readers.mjs installs them');
  for (const [name, { row: expected }] of Object.entries(cases)) {
    const rows = ofBoth.flat().map(expected);
    for (const [reader, read] of Object.entries(found[pathOf(name)]!))
      expect(typeof read === 'string' ? read : sorted(read), `${name}, ${reader}`).toEqual(sorted(rows));
  }
});
