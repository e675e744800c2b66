import { createHash } from 'node:crypto';
import { utcText } from '../../timestamp.js';
import { eventTimeNs } from '../event-time.js';
import { type OutgoingRecord, records } from '../records.js';
import type { OutgoingBatch } from '../sink.js';
import type { ElasticsearchSettings } from './settings.js';

/** An event in the form of the bulk API. */
export interface Document {
  outgoing: OutgoingRecord;
  id: string;
  /** Action and document, each with its newline. */
  text: string;
  bytes: number;
}

/** The documents of a batch by target index, both in the order of the batch. */
export function documentsByIndex(batch: OutgoingBatch, settings: ElasticsearchSettings): Map<string, Document[]> {
  const action = settings.dataStream ? 'create' : 'index';
  const byIndex = new Map<string, Document[]>();
  for (const outgoing of records(batch)) {
    const id = documentId(outgoing);
    const text = `${JSON.stringify({ [action]: { _id: id } })}\n${withTimestamp(outgoing)}\n`;
    const index = indexOf(settings.index, batch, outgoing);
    const documents = byIndex.get(index) ?? [];
    documents.push({ outgoing, id, text, bytes: Buffer.byteLength(text) });
    byIndex.set(index, documents);
  }
  return byIndex;
}

/** Stays the same whenever an event is sent again, so that it is stored only once. */
function documentId({ event: { collector, id } }: OutgoingRecord): string {
  return createHash('sha256')
    .update(JSON.stringify([collector, id]))
    .digest('hex');
}

/** Data streams require `@timestamp`, and Kibana expects it. */
function withTimestamp({ event, record, json }: OutgoingRecord): string {
  if (Object.hasOwn(record, '@timestamp')) return json;
  return `{"@timestamp":"${utcText(eventTimeNs(event), 9)}",${json.slice(1)}`;
}

function indexOf(template: string, { collector, source }: OutgoingBatch, { event }: OutgoingRecord): string {
  const [year, month, day] = utcText(eventTimeNs(event), 3).slice(0, 10).split('-');
  const values: Record<string, string> = {
    source,
    collector,
    yyyy: year!,
    'yyyy.MM': `${year}.${month}`,
    'yyyy.MM.dd': `${year}.${month}.${day}`,
  };
  return template.replace(/\{([^}]+)\}/g, (whole, name: string) => values[name] ?? whole);
}
