import { AuditLog } from '../../../demo/asa/audit-log.js';
import { createEvent } from '../../../demo/descope/events.js';
import { Random } from '../../../demo/random.js';
import { demoEvent } from '../../../demo/skyflow/events.js';
import type { StoredEvent } from '../../../src/domain.js';
import { asa } from '../../../src/sources/asa/source.js';
import { descope } from '../../../src/sources/descope/source.js';
import { readSkyflowPage } from '../../../src/sources/skyflow/page.js';
import { skyflow } from '../../../src/sources/skyflow/source.js';
import type { PageContent, Source } from '../../../src/sources/source.js';

/** Events as stored: parsed and enriched by their source, from a page of its demo. */
export const demoEvents = {
  asa: (count: number) => {
    const log = new AuditLog({
      seed: 1,
      team: 'acme',
      events: count,
      anchorMs: 1_763_900_000_000,
      arrivalIntervalMs: 0,
      nextWhenFull: false,
    });
    return stored(asa, asa.parse(log.page({ boundary: 0, count, descending: false, prev: false }).body));
  },
  descope: (count: number) => {
    const audits = Array.from(
      { length: count },
      (_, nth) => createEvent(new Random(1, nth, 7), 'P2project', 1_763_900_000_000 + nth, nth % 5 > 0).text,
    );
    return stored(descope, descope.parse(Buffer.from(`{"audits":[${audits.join(',')}],"total":${count}}`)));
  },
  skyflow: (count: number, keepContent = false) => {
    const events = Array.from({ length: count }, (_, nth) =>
      demoEvent(1, nth, `2026-11-23 10:20:30.${String(nth).padStart(9, '0')}`, 'acc-1').text(),
    );
    const body = Buffer.from(`{"event":[${events.join(',')}],"nextOps":null}`);
    return stored(skyflow, readSkyflowPage(body, keepContent).content);
  },
};

export type SourceName = keyof typeof demoEvents;

export function stored(source: Source, { events, lookup, rejected }: PageContent): StoredEvent[] {
  if (rejected.length > 0) throw new Error(`The page has rejects: ${rejected[0]!.reason}`);
  return events.map((event, nth) => {
    const { timeNs: _, details: __, ...own } = event;
    return {
      ...own,
      ...source.enrich(event, lookup),
      collector: 'acme',
      seq: nth + 1,
      collectedAt: '2026-11-24T08:00:00.123Z',
    };
  });
}
