import { AuditLog } from '../../../demo/asa/audit-log.js';
import { createEvent } from '../../../demo/descope/events.js';
import { Random } from '../../../demo/random.js';
import { demoEvent } from '../../../demo/skyflow/events.js';
import type { StoredEvent } from '../../../src/domain.js';
import { withoutContent } from '../../../src/skyflow-content.js';
import { asa } from '../../../src/sources/asa/source.js';
import { descope } from '../../../src/sources/descope/source.js';
import { skyflow } from '../../../src/sources/skyflow/source.js';
import type { Source } from '../../../src/sources/source.js';

const anchorMs = Date.parse('2026-11-23T10:00:00Z');
const seed = 7;

/** Events of the demo servers as stored in the table, parsed and enriched by their sources. */
export const demoEvents: Readonly<Record<string, (count: number) => StoredEvent[]>> = {
  asa: (count) => {
    const options = { seed, events: count, anchorMs, arrivalIntervalMs: 0, team: 'acme', nextWhenFull: false };
    const { body } = new AuditLog(options).page({ boundary: 0, count, descending: false, prev: false });
    return storedOf(asa, body);
  },
  descope: (count) => {
    const random = new Random(seed);
    const audits = Array.from({ length: count }, (_, nth) => createEvent(random, 'P2demo', anchorMs + nth, true).text);
    return storedOf(descope, Buffer.from(`{"audits":[${audits.join(',')}],"total":${count}}`));
  },
  skyflow: (count) => {
    const time = (nth: number) => `2026-11-23 10:00:00.${String(nth).padStart(9, '0')}`;
    const events = Array.from({ length: count }, (_, nth) => demoEvent(seed, nth, time(nth), 'a1demo').text());
    const page = Buffer.from(`{"event":[${events.join(',')}],"nextOps":null}`);
    // The default is to collect without content.
    return storedOf(skyflow, withoutContent(page));
  },
};

/** The rows that a page adds to the table. */
export function storedOf(source: Source, body: Uint8Array): StoredEvent[] {
  const page = source.parse(body);
  return page.events.map((event, at) => {
    const { timeNs: _, details: __, ...envelope } = event;
    const columns = source.enrich(event, page.lookup);
    return { ...envelope, ...columns, collector: 'acme', seq: at + 1, collectedAt: '2026-11-23T10:21:00.000Z' };
  });
}
