import type { BatchForm } from '../batch.js';
import type { StoredEvent } from '../domain.js';
import { TrawlError } from '../errors.js';
import { eventLine, onlyTexts, textEventLine } from '../event-line.js';
import { parseJson } from '../json-parse.js';
import { newestSchema, newestSchemas, schemaOf } from '../schemas/registry.js';
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
 * Converts the events of a batch to records, in order, in the version of the schema that the batch was fixed with: under
 * the name of a batch there is never anything else.
 * @throws TrawlError SETTINGS_INVALID if the schema does not exist, STORE_NEWER if this release lacks its version
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
  if (newestSchema(form.schema)) throw versionUnknown(form);
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

function versionUnknown({ schema, schemaVersion }: BatchForm): TrawlError {
  const version = JSON.stringify(schemaVersion.slice(0, 40));
  return new TrawlError('STORE_NEWER', `A batch is fixed in version ${version} of ${schema}, which this Trawl lacks.`, {
    hint: 'Upgrade this worker: a newer version of Trawl has fixed the batch.',
    // While workers are being replaced, another one may have it.
    retry: true,
  });
}

/** Allowed values of a sink's setting `schema`. */
export const schemaNames: readonly [string, ...string[]] = ['native', ...newestSchemas.map(({ name }) => name)];

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
