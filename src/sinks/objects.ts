import { formatOf } from '../formats/registry.js';
import { eventTimeNs, utcText } from './event-time.js';
import { records as recordsOf, unmappedOf } from './records.js';
import type { OutgoingBatch, SinkSettings } from './sink.js';

/** A file of a batch, complete in memory: a batch is bounded. */
export interface ObjectFile {
  /** Relative, with slashes. A function of batch and settings, so that a repetition overwrites. */
  name: string;
  bytes: Uint8Array;
  contentType: string;
  events: number;
}

/** Makes the files of a batch: one for each day of UTC that its events are of. One is in memory at a time. */
export async function* objectFiles(
  batch: OutgoingBatch,
  settings: SinkSettings,
): AsyncGenerator<ObjectFile & { unmapped: number }> {
  const { form } = batch;
  const format = formatOf(form.format);
  const days = new Map<string, (typeof batch.events)[number][]>();
  for (const event of batch.events) {
    const day = utcText(eventTimeNs(event), 0).slice(0, 10);
    const ofDay = days.get(day);
    if (ofDay) ofDay.push(event);
    else days.set(day, [event]);
  }
  for (const [day, events] of [...days].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const records = recordsOf({ ...batch, events });
    const { bytes, extension, contentType } = await format.encode(records, {
      schema: form.schema,
      compression: form.compression as 'gzip' | 'zstd' | 'none',
    });
    const name = `${folderOf(batch, settings, day)}/${batch.name}.${extension}`;
    yield { name, bytes, contentType, events: events.length, unmapped: unmappedOf(records) };
  }
}

/** Amazon Security Lake's layout is that of its custom sources. */
function folderOf({ collector, source, form }: OutgoingBatch, { values }: SinkSettings, day: string): string {
  return form.layout === 'security-lake'
    ? `ext/trawl-${source}/1.0/region=${String(values.region)}/accountId=${String(values.accountId)}/eventDay=${day.replaceAll('-', '')}`
    : `raw/source=${source}/collector=${collector}/dt=${day}`;
}
