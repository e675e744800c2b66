import type { StoredEvent } from '../domain.js';
import { TrawlError } from '../errors.js';
import { eventLine } from '../event-line.js';
import { parseJson } from '../json-parse.js';
import { newestSchema, schemaOf, schemas } from '../schemas/registry.js';
import type { SchemaRecord } from '../schemas/schema.js';
import type { OutgoingBatch } from './sink.js';

/** An event as a sink gets it. */
export interface OutgoingRecord {
  event: StoredEvent;
  readonly record: Readonly<Record<string, unknown>>;
  /** The record as one line, without its end; `raw_event` of the schema `native` in the source's own text. */
  json: string;
  /** False where the event's type is in no mapping table. */
  known: boolean;
}

/**
 * The records of a batch, in its order.
 * @throws TrawlError SETTINGS_INVALID where there is no such schema.
 */
export function records({ events, source, form }: OutgoingBatch): OutgoingRecord[] {
  if (form.schema === 'native') return events.map(nativeRecord);
  const schema = schemaOf(form.schema, form.schemaVersion);
  if (schema) return events.map((event) => recordOf(event, schema.record(event, source)));
  throw new TrawlError('SETTINGS_INVALID', `There is no schema ${JSON.stringify(form.schema.slice(0, 40))}.`, {
    hint: `Set schema of the sink to one of ${schemaNames.join(', ')}.`,
  });
}

/** What the setting `schema` of a sink may be. */
export const schemaNames: readonly [string, ...string[]] = ['native', ...new Set(schemas.map(({ name }) => name))];

/** Of the mapping tables that a batch fixed now is written by. */
export function schemaVersionOf(name: string): string {
  return newestSchema(name)?.version ?? nativeVersion;
}

/** Of the table's columns; grows with them. */
const nativeVersion = '1';

function recordOf(event: StoredEvent, { record, known }: SchemaRecord): OutgoingRecord {
  return { event, record, json: JSON.stringify(record), known };
}

/** Events that went to no mapping table. */
export function unmappedOf(all: readonly OutgoingRecord[]): number {
  return all.filter(({ known }) => !known).length;
}

function nativeRecord(event: StoredEvent): OutgoingRecord {
  return {
    event,
    // Most sinks send the line, and need not pay for parsing.
    get record() {
      return parseJson(this.json) as Record<string, unknown>;
    },
    json: eventLine(event),
    known: true,
  };
}
