import { eventTimeNs } from '../event-time.js';
import { type OutgoingRecord, records } from '../records.js';
import type { OutgoingBatch } from '../sink.js';
import type { SplunkSettings } from './settings.js';

/** An event in the form of the HTTP Event Collector, as one line. */
export interface EventLine {
  outgoing: OutgoingRecord;
  text: string;
  /** Includes the newline. */
  bytes: number;
}

export function eventLines(batch: OutgoingBatch, settings: SplunkSettings): EventLine[] {
  const metadata = JSON.stringify({
    host: settings.host,
    source: batch.collector,
    sourcetype: settings.sourcetype.replaceAll('{source}', batch.source),
    ...(settings.index === undefined ? {} : { index: settings.index }),
  }).slice(1, -1);
  return records(batch).map((outgoing) => {
    const { event, json } = outgoing;
    // Indexed fields must be flat texts: numbers and objects are refused with code 15.
    const fields = { trawl_seq: String(event.seq), trawl_collector: event.collector, trawl_id: event.id };
    const text = `{"time":${epochSeconds(eventTimeNs(event))},${metadata},"event":${json},"fields":${JSON.stringify(fields)}}`;
    return { outgoing, text, bytes: Buffer.byteLength(text) + 1 };
  });
}

/** Seconds with three decimals, the precision of Splunk; further digits are truncated. */
function epochSeconds(ns: bigint): string {
  return (Number(ns / 1_000_000n) / 1000).toFixed(3);
}
