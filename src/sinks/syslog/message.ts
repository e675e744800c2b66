import { printable } from '../../printable.js';
import { utcText } from '../../timestamp.js';
import { eventTimeNs } from '../event-time.js';
import type { OutgoingRecord } from '../records.js';
import type { OutgoingBatch } from '../sink.js';
import type { SyslogSettings } from './settings.js';

/** Marks the message as UTF-8 (RFC 5424), which JSON is anyway: parsers such as rsyslog's mmjsonparse then find none. */
const byteOrderMark = '\ufeff';

/** Formats an event as an RFC 5424 message. */
export function syslogMessage({ event, json }: OutgoingRecord, batch: OutgoingBatch, settings: SyslogSettings): Buffer {
  const priority = settings.facility * 8 + settings.severity;
  const header = [
    `<${priority}>1`,
    utcText(eventTimeNs(event), 6),
    settings.hostname,
    'trawl',
    token(batch.collector, 128),
    token(event.type, 32),
  ].join(' ');
  const data = structuredData({
    seq: String(event.seq),
    id: event.id,
    collector: batch.collector,
    batch: batch.name,
  });
  return Buffer.from(`${header} ${data} ${settings.byteOrderMark ? byteOrderMark : ''}${withoutControls(json)}`);
}

/**
 * The same JSON without a control character: rsyslog would write `#011` for a tab between two tokens, which is no JSON, and
 * `#177` for a DEL in a text.
 */
function withoutControls(json: string): string {
  return json.replaceAll('\t', ' ').replaceAll('\u007f', '\\u007f');
}

/** Prefixes a message with its length, the framing of RFC 5425 and RFC 6587. */
export function framed(message: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${message.byteLength} `), message]);
}

/** 32473 is the enterprise number reserved for examples, so no receiver assigns another meaning to it. */
function structuredData(parameters: Readonly<Record<string, string>>): string {
  const texts = Object.entries(parameters).map(([name, value]) => `${name}="${escaped(value)}"`);
  return `[trawl@32473 ${texts.join(' ')}]`;
}

/** Control characters could end a line in the receiver's files; the message itself has the exact text. */
function escaped(value: string): string {
  return printable(value).replace(/["\\\]]/g, '\\$&');
}

/** A field of the header: printable ASCII without spaces. */
function token(text: string, max: number): string {
  return text.replace(/[^\u0021-\u007e]/g, '_').slice(0, max) || '-';
}
