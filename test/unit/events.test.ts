import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Context } from '../../src/cli/context.js';
import { type EventFormat, eventFormats } from '../../src/cli/event-formats.js';
import { timeOption } from '../../src/cli/time-option.js';
import { type EventsOptions, events } from '../../src/cli/verbs/events.js';
import { WrongCall } from '../../src/cli/wrong-call.js';
import type { StoredEvent } from '../../src/domain.js';
import { eventLine } from '../../src/event-line.js';
import type { EventFilter } from '../../src/stores/store.js';

const stored: StoredEvent = {
  collector: 'asa',
  seq: 1,
  id: 'UD5pqjIhjKVQPmmqMiGMpQ==',
  timestamp: '2020-11-18T18:05:08.277119888Z',
  type: 'server.ssh_login',
  actor: 'Jason',
  user: 'Quentin',
  client: 'c',
  gateway: 'gw',
  group: 'g',
  project: 'p',
  hostname: 'h',
  server: 's',
  fromAddr: '192.0.2.1',
  rawEvent: '{ "n":12345678901234567890,\n"z":1.50 }',
  extra: null,
  collectedAt: '2026-05-01T12:00:00.000Z',
};

const names = ['collector', 'seq', 'id', 'timestamp', 'type', 'actor', 'user', 'client', 'gateway', 'group', 'project'];
const allNames = [...names, 'hostname', 'server', 'from_addr', 'raw_event', 'collected_at'];

/** A context over a store that holds these events and returns them in pages as requested. */
function contextOf(all: readonly StoredEvent[], asked: { filter: EventFilter; limit: number }[] = []): Context {
  const store = {
    events: async (filter: EventFilter, limit: number) => {
      asked.push({ filter: { ...filter }, limit });
      const type = (e: StoredEvent) => filter.type === undefined || filter.type === e.type;
      return all.filter((e) => e.collector === filter.collector && e.seq > filter.afterSeq && type(e)).slice(0, limit);
    },
    eventLines: async (filter: EventFilter, limit: number) => {
      const page = await store.events(filter, limit);
      const bytes = Buffer.from(page.map((event) => `${eventLine(event)}\n`).join(''));
      return { bytes, events: page.length, lastSeq: page.at(-1)?.seq ?? 0 };
    },
    checkpoint: async (collector: string) => ({
      lastSeq: Math.max(0, ...all.filter((e) => e.collector === collector).map(({ seq }) => seq)),
    }),
  };
  return {
    existingStore: () => store,
    requireCollector: async () => undefined,
    collectors: async () => [...new Set(all.map((event) => event.collector))].sort(),
  } as unknown as Context;
}

async function exported(context: Context, format: EventFormat, options: Partial<EventsOptions> = {}): Promise<string> {
  const written: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  expect(await events(context, undefined, { format, ...options })).toBe(0);
  vi.restoreAllMocks();
  return written.join('');
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('exported events', () => {
  it('as NDJSON: one object per line, raw_event in the bytes of the source except for line breaks', async () => {
    const text = await exported(contextOf([stored, { ...stored, seq: 2, rawEvent: '{}' }]), 'ndjson');
    const lines = text.split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[2]).toBe('');
    expect(lines[0]).toContain('"raw_event":{ "n":12345678901234567890, "z":1.50 }');
    const event = JSON.parse(lines[0]!) as Record<string, unknown>;
    expect(Object.keys(event).sort()).toEqual([...allNames].sort());
    expect(event).toMatchObject({
      collector: 'asa',
      seq: 1,
      timestamp: '2020-11-18T18:05:08.277119888Z',
      from_addr: '192.0.2.1',
      gateway: 'gw',
      collected_at: '2026-05-01T12:00:00.000Z',
    });
  });

  it('as NDJSON have their further members in extra', async () => {
    const text = await exported(contextOf([{ ...stored, extra: '{"v":1.50}' }]), 'ndjson');
    expect(text).toContain('"extra":{"v":1.50}');
    expect(JSON.parse(text)).toMatchObject({ extra: { v: 1.5 }, collected_at: stored.collectedAt });
  });

  it('as JSON: one array, even without events', async () => {
    const many = [1, 2, 3].map((seq) => ({ ...stored, seq }));
    expect((JSON.parse(await exported(contextOf(many), 'json')) as { seq: number }[]).map((e) => e.seq)).toEqual([
      1, 2, 3,
    ]);
    expect(JSON.parse(await exported(contextOf([]), 'json'))).toEqual([]);
  });

  it('as CSV: a line of names, and cells in their order', async () => {
    const text = await exported(contextOf([{ ...stored, rawEvent: '{"a":"b, \\"c\\""}' }]), 'csv');
    const [head, row] = text.split('\n');
    expect(head).toBe([...names, 'hostname', 'server', 'from_addr', 'raw_event', 'extra', 'collected_at'].join(','));
    expect(row).toBe(
      `asa,1,UD5pqjIhjKVQPmmqMiGMpQ==,${stored.timestamp},server.ssh_login,Jason,Quentin,c,gw,g,p,h,s,192.0.2.1,"{""a"":""b, \\""c\\""""}",,${stored.collectedAt}`,
    );
  });

  it('as CSV have their further members in extra, in the bytes of the source', async () => {
    const text = await exported(contextOf([{ ...stored, extra: '{"v":1.50}' }]), 'csv');
    expect(text).toContain(',"{""v"":1.50}",');
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '=HYPERLINK("http://x")', '＝1', '＋1', '－1', '＠1'])(
    'as CSV have no cell that a spreadsheet would take for a formula: %j',
    async (cell) => {
      const all = [{ ...stored, hostname: cell, actor: cell, fromAddr: cell, type: cell }];
      const text = await exported(contextOf(all), 'csv');
      expect(text.split(`'${cell.replaceAll('"', '""')}`)).toHaveLength(5);
    },
  );

  it.each([
    '+D5pqjIhjKVQPmmqMiGMpQ==',
    '-D5pqjIhjKVQPmmqMiGMp_==',
    '/D5pqjIhjKVQPmmqMiGMpQ',
    '-1f',
    '0b3ee4f2-64a1-4a3c-9c2b-3f1c8a4c9f52',
  ])('as CSV keep an id of base64, hexadecimal digits or a UUID: %s', async (id) => {
    expect(await exported(contextOf([{ ...stored, id }]), 'csv')).toContain(`\nasa,1,${id},`);
  });

  it.each(['=cmd()', '=1', '=A1', '+cmd()', "+cmd|'/C calc'!A1", '-1+cmd.x', '@SUM', '+a=b', '+a==='])(
    'as CSV have no other id that a spreadsheet would take for a formula: %s',
    async (id) => {
      expect(await exported(contextOf([{ ...stored, id }]), 'csv')).toContain(`\nasa,1,'${id},`);
    },
  );

  it.each(['-1', '[-1]', '"=1+1"', '{}', 'null'])('as CSV have raw_event unchanged: %s', async (rawEvent) => {
    const text = await exported(contextOf([{ ...stored, rawEvent, fromAddr: 'from' }]), 'csv');
    const cell = rawEvent.includes('"') ? `"${rawEvent.replaceAll('"', '""')}"` : rawEvent;
    expect(text).toContain(`,from,${cell},,`);
  });

  it('as text are lines that no event can break or reverse', async () => {
    const text = await exported(
      contextOf([{ ...stored, hostname: 'x', actor: 'a\n\u001b[31m\u202eb', server: '' }]),
      'text',
    );
    expect(text.split('\n')).toHaveLength(2);
    expect(text).not.toMatch(/[\u001b\u202e]/);
    expect(text).toContain(stored.timestamp);
    expect(text).toContain('server.ssh_login');
  });

  it.each(eventFormats)('as %s are read in bounded pages and written once each', async (format) => {
    const all = Array.from({ length: 2_500 }, (_, index) => ({ ...stored, seq: index + 1, id: `event-${index}.` }));
    const asked: { filter: EventFilter; limit: number }[] = [];
    const text = await exported(contextOf(all, asked), format);
    for (const { limit } of asked) expect(limit).toBeLessThanOrEqual(5_000);
    if (format !== 'text') expect(text.match(/event-\d+\./g)).toEqual(all.map(({ id }) => id));
    else expect(text.split('\n')).toHaveLength(2_501);
  });

  it('of all collectors are those of each', async () => {
    const all = [stored, { ...stored, collector: 'b' }, { ...stored, collector: 'b', seq: 2 }];
    const lines = (await exported(contextOf(all), 'ndjson')).trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { collector: string }).collector)).toEqual(['asa', 'b', 'b']);
  });

  it('are limited to the requested number, over all collectors', async () => {
    const all = ['a', 'b'].flatMap((collector) => [1, 2].map((seq) => ({ ...stored, collector, seq })));
    expect((await exported(contextOf(all), 'ndjson', { limit: 3 })).trim().split('\n')).toHaveLength(3);
    expect(await exported(contextOf(all), 'ndjson', { limit: 0 })).toBe('');
  });

  it('are read in smaller pages if they are large', async () => {
    const asked: { filter: EventFilter; limit: number }[] = [];
    const large = { ...stored, rawEvent: JSON.stringify('x'.repeat(20_000)) };
    const all = Array.from({ length: 2_500 }, (_, index) => ({ ...large, seq: index + 1 }));
    const lines = (await exported(contextOf(all, asked), 'ndjson')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).seq)).toEqual(all.map(({ seq }) => seq));
    expect(asked[1]!.limit).toBeLessThan(asked[0]!.limit / 2);
  });

  it('are filtered by the store', async () => {
    const asked: { filter: EventFilter; limit: number }[] = [];
    const options = { since: '2026-05-01', until: '2026-05-02', type: 'server.*', actor: 'jason', text: 'x' };
    await exported(contextOf([stored], asked), 'ndjson', options);
    expect(asked[0]!.filter).toMatchObject({
      collector: 'asa',
      sinceNs: timeOption('', '2026-05-01'),
      untilNs: timeOption('', '2026-05-02'),
      type: 'server.*',
      actor: 'jason',
      text: 'x',
    });
  });

  it.each([{ since: 'foo' }, { until: 'foo' }, { follow: true }])(
    'are not started if %o is a wrong call',
    async (options) => {
      const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
      const called = events(contextOf([stored]), undefined, { format: 'json', ...options });
      await expect(called).rejects.toBeInstanceOf(WrongCall);
      expect(written).not.toHaveBeenCalled();
    },
  );

  it('cannot be followed as a JSON array', async () => {
    await expect(events(contextOf([]), undefined, { format: 'json', follow: true })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      hint: expect.stringContaining('ndjson'),
    });
  });
});

describe('events that are followed', () => {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  afterEach(() => {
    for (const signal of signals) process.removeListener(signal, process.listeners(signal).at(-1)!);
  });

  it('are read once each, including those that a filter excludes, and new ones are not missed', async () => {
    const all = Array.from({ length: 20 }, (_, index) => ({ ...stored, seq: index + 1 }));
    const asked: { filter: EventFilter; limit: number }[] = [];
    const context = contextOf(all, asked);
    const store = await context.existingStore();
    const { events: read } = store;
    store.events = async (filter, limit) => {
      const page = await read(filter, limit);
      // Committed right after the first look, before anything else happens.
      if (asked.length === 1) all.push({ ...stored, seq: 21 }, { ...stored, seq: 22, type: 'rare' });
      return page;
    };
    const text = await exported(context, 'ndjson', { type: 'rare', follow: true, limit: 1 });
    expect(asked.map(({ filter }) => filter.afterSeq)).toEqual([0, 20]);
    expect(JSON.parse(text)).toMatchObject({ seq: 22, type: 'rare' });
  });
});
