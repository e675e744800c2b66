import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'csv-stringify/sync';
import type { StoredEvent } from '../../domain.js';
import { TrawlError } from '../../errors.js';
import type { EventFilter, Store } from '../../stores/store.js';
import { epochNanoseconds, within64Bits } from '../../timestamp.js';
import type { Context } from '../context.js';
import { interrupted } from '../interrupt.js';
import { print, printable, printableJson } from '../output.js';

export const eventFormats = ['text', 'ndjson', 'csv', 'json'] as const;
export type EventFormat = (typeof eventFormats)[number];

export interface EventsOptions {
  format: EventFormat;
  since?: string;
  until?: string;
  type?: string;
  actor?: string;
  text?: string;
  limit?: number;
  follow?: boolean;
}

/** Read at once: bounds the memory of an export of any length. */
const pageEvents = 1_000;
const followEveryMs = 500;

/** `trawl events [NAME]`: writes events of one collector, or of all, to standard output. */
export async function events(context: Context, name: string | undefined, options: EventsOptions): Promise<number> {
  const store = context.existingStore();
  if (name !== undefined) await context.requireCollector(store, name);
  if (options.follow && options.format === 'json') {
    throw new TrawlError('INPUT_INVALID', 'A JSON array has an end, so it cannot be followed.', {
      hint: 'Use --format ndjson with --follow.',
    });
  }
  const write = writers[options.format]();
  const over = options.follow ? interrupted().then(() => true) : Promise.resolve(true);
  let stopped = false;
  void over.then(() => {
    stopped = true;
  });
  await print(write.head);
  const positions = new Map<string, number>();
  let left = options.limit ?? Number.POSITIVE_INFINITY;
  do {
    const collectors = name === undefined ? await context.collectors(store) : [name];
    for (const collector of collectors) left = await exportCollector(store, collector, positions, options, left, write);
    if (options.follow && left > 0) await Promise.race([sleep(followEveryMs), over]);
  } while (options.follow && left > 0 && !stopped);
  await print(write.tail);
  return 0;
}

async function exportCollector(
  store: Store,
  collector: string,
  positions: Map<string, number>,
  options: EventsOptions,
  limit: number,
  write: Writer,
): Promise<number> {
  const filter: EventFilter = {
    collector,
    afterSeq: positions.get(collector) ?? 0,
    sinceNs: timeOption('--since', options.since),
    untilNs: timeOption('--until', options.until),
    type: options.type,
    actor: options.actor,
    text: options.text,
  };
  // All up to here can be seen by the queries below: what does not match need not be looked at again.
  const { lastSeq } = await store.checkpoint(collector);
  let left = limit;
  while (left > 0) {
    const page = await store.events(filter, Math.min(pageEvents, left));
    if (page.length === 0) break;
    await print(write.rows(page));
    filter.afterSeq = page.at(-1)!.seq;
    left -= page.length;
  }
  positions.set(collector, left > 0 ? Math.max(filter.afterSeq, lastSeq) : filter.afterSeq);
  return left;
}

interface Writer {
  head: string;
  rows(page: readonly StoredEvent[]): string;
  tail: string;
}

const terminal = process.stdout.isTTY === true;

const writers: Record<EventFormat, () => Writer> = {
  text: () => ({ head: '', rows: (page) => page.map((event) => `${textLine(event)}\n`).join(''), tail: '' }),
  ndjson: () => ({ head: '', rows: (page) => page.map((event) => `${jsonLine(event)}\n`).join(''), tail: '' }),
  json: () => {
    let separator = '';
    return {
      head: '[',
      rows: (page) =>
        page
          .map((event) => {
            const text = `${separator}\n${jsonLine(event)}`;
            separator = ',';
            return text;
          })
          .join(''),
      tail: '\n]\n',
    };
  },
  csv: () => ({ head: csv([exportedColumns]), rows: (page) => csv(page.map(csvCells)), tail: '' }),
};

const exportedColumns = [
  ...['collector', 'seq', 'id', 'timestamp', 'type', 'actor', 'user', 'client', 'gateway', 'group', 'project'],
  ...['hostname', 'server', 'from_addr', 'raw_event', 'collected_at'],
];

function textLine(event: StoredEvent): string {
  const where = event.server || event.hostname || event.client || event.project || event.group;
  return [event.timestamp, event.type, event.actor || '-', event.user ? `→ ${event.user}` : '', where, event.fromAddr]
    .filter((part) => part !== '')
    .map((part) => printable(part))
    .join('  ');
}

/** One object a line; `raw_event` in the source's own text, of which only line breaks between values are replaced. */
function jsonLine(event: StoredEvent): string {
  const { rawEvent, extra, fromAddr, collectedAt, ...rest } = event;
  const before = JSON.stringify({ ...rest, from_addr: fromAddr }).slice(0, -1);
  const others = extra === null ? '' : `,"extra":${extra}`;
  const line = `${before},"raw_event":${rawEvent}${others},"collected_at":${JSON.stringify(collectedAt)}}`;
  return terminal ? printableJson(line) : line.replace(/[\r\n]/g, ' ');
}

function csvCells(event: StoredEvent): string[] {
  const cells = [
    ...[
      event.collector,
      String(event.seq),
      event.id,
      event.timestamp,
      event.type,
      event.actor,
      event.user,
      event.client,
    ],
    ...[
      event.gateway,
      event.group,
      event.project,
      event.hostname,
      event.server,
      event.fromAddr,
      event.rawEvent,
      event.collectedAt,
    ],
  ];
  return terminal ? cells.map((cell) => printable(cell)) : cells;
}

/** What a spreadsheet would take for a formula. */
const formula = /^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/;

/** An id as vendors make them, base64 among them: whoever compares ids needs it as it is. */
const plainId = /^[+-][A-Za-z0-9+/_-]{7,}={0,2}$/;

const idColumn = exportedColumns.indexOf('id');

/** A cell that a spreadsheet would take for a formula is preceded by an apostrophe. */
function csv(rows: readonly (readonly string[])[]): string {
  const harmless = (cell: string, column: number): string =>
    !formula.test(cell) || (column === idColumn && plainId.test(cell)) ? cell : `'${cell}`;
  return stringify(
    rows.map((row) => row.map(harmless)),
    { record_delimiter: 'unix' },
  );
}

const agoUnits: Record<string, bigint> = { s: 1n, m: 60n, h: 3_600n, d: 86_400n };

/** RFC 3339, a date, or an age such as `90m`, `12h` or `7d`; epoch nanoseconds. */
export function timeOption(name: string, text: string | undefined, nowMs = Date.now()): bigint | undefined {
  if (text === undefined) return undefined;
  const ago = /^(\d{1,6})([smhd])$/.exec(text);
  if (ago) return within64Bits(BigInt(nowMs) * 1_000_000n - BigInt(ago[1]!) * agoUnits[ago[2]!]! * 1_000_000_000n);
  const time = epochNanoseconds(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);
  if (time !== null) return time;
  throw new TrawlError('INPUT_INVALID', `${name} ${JSON.stringify(text)} is no time.`, {
    hint: 'Give RFC 3339 (2026-05-01T12:00:00Z), a date (2026-05-01) or an age (90m, 12h, 7d).',
  });
}
