import { eventTimeNs } from '../event-time.js';
import { type OutgoingRecord, records } from '../records.js';
import type { OutgoingBatch } from '../sink.js';
import type { SplunkSettings } from './settings.js';

/** An event as the collector takes it, as one line. */
export interface EventLine {
  outgoing: OutgoingRecord;
  text: string;
  /** With the line break after it. */
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
    // Indexed fields are flat texts: a number or an object is refused with code 15.
    const fields = { trawl_seq: String(event.seq), trawl_collector: event.collector, trawl_id: event.id };
    const text = `{"time":${epochSeconds(eventTimeNs(event))},${metadata},"event":${json},"fields":${JSON.stringify(fields)}}`;
    return { outgoing, text, bytes: Buffer.byteLength(text) + 1 };
  });
}

/** Seconds with three digits after the point, as Splunk keeps time; further ones are cut. */
function epochSeconds(ns: bigint): string {
  return (Number(ns / 1_000_000n) / 1000).toFixed(3);
}
