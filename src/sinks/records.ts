import type { StoredEvent } from '../domain.js';
import { TrawlError } from '../errors.js';
import { eventLine, onlyTexts, textEventLine } from '../event-line.js';
import { parseJson } from '../json-parse.js';
import { newestSchema, schemaOf, schemas } from '../schemas/registry.js';
import type { SchemaRecord } from '../schemas/schema.js';
import type { OutgoingBatch } from './sink.js';

/** An event in the form in which a sink receives it. */
export interface OutgoingRecord {
  event: StoredEvent;
  readonly record: Readonly<Record<string, unknown>>;
  /**
   * The record as one line, without a newline. In the schema `native`, `raw_event` is the source's own text, or a JSON string
   * with it if the form says so.
   */
  json: string;
  /** False if no mapping table has the event's type. */
  known: boolean;
}

/**
 * Converts the events of a batch to records, in order.
 * @throws TrawlError SETTINGS_INVALID if the schema does not exist
 */
export function records(batch: OutgoingBatch): OutgoingRecord[] {
  return [...eachRecord(batch)];
}

/** The same, each when it is asked for. @throws TrawlError as `records` does, at once */
export function eachRecord({ events, source, form }: OutgoingBatch): Iterable<OutgoingRecord> {
  const asText = form.rawEvent === 'text';
  if (form.schema === 'native') return made(events, (event) => nativeRecord(event, asText));
  const schema = schemaOf(form.schema, form.schemaVersion);
  if (schema) return made(events, (event) => recordOf(event, schema.record(event, source), asText));
  throw new TrawlError('SETTINGS_INVALID', `Unknown schema ${JSON.stringify(form.schema.slice(0, 40))}.`, {
    hint: `Set schema of the sink to one of ${schemaNames.join(', ')}.`,
  });
}

function* made(
  events: readonly StoredEvent[],
  recordOfEvent: (event: StoredEvent) => OutgoingRecord,
): Generator<OutgoingRecord> {
  for (const event of events) yield recordOfEvent(event);
}

/** Allowed values of a sink's setting `schema`. */
export const schemaNames: readonly [string, ...string[]] = ['native', ...new Set(schemas.map(({ name }) => name))];

/** Version of the mapping tables for a batch that is fixed now. */
export function schemaVersionOf(name: string): string {
  return newestSchema(name)?.version ?? nativeVersion;
}

/** Version of the table's columns; incremented when they change. */
const nativeVersion = '1';

function recordOf(event: StoredEvent, { record, known }: SchemaRecord, asText: boolean): OutgoingRecord {
  const json = JSON.stringify(record);
  return { event, record, json: asText ? onlyTexts(json) : json, known };
}

/** Number of events whose type is in no mapping table. */
export function unmappedOf(all: readonly OutgoingRecord[]): number {
  return all.filter(({ known }) => !known).length;
}

function nativeRecord(event: StoredEvent, asText: boolean): OutgoingRecord {
  return {
    event,
    // Parsed lazily, since most sinks only send the line.
    get record() {
      return parseJson(this.json) as Record<string, unknown>;
    },
    json: asText ? textEventLine(event) : eventLine(event),
    known: true,
  };
}
