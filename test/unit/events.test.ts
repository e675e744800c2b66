import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WriteStream } from 'node:tty';
import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Context } from '../../src/cli/context.js';
import { type EventFormat, eventFormats } from '../../src/cli/event-formats.js';
import type { EventsOptions } from '../../src/cli/events/asked.js';
import { timeOption } from '../../src/cli/time-option.js';
import { events } from '../../src/cli/verbs/events.js';
import { WrongCall } from '../../src/cli/wrong-call.js';
import type { StoredEvent } from '../../src/domain.js';
import { eventLine } from '../../src/event-line.js';
import { parseFilter } from '../../src/filter/parse.js';
import { SqliteStore } from '../../src/stores/sqlite/store.js';
import type { EventFilter } from '../../src/stores/store.js';
import { event, page } from '../conformance/pages.js';

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
  const selected = ({ collector, afterSeq, upToSeq = 1e9, where }: EventFilter) => {
    const type = where?.groups[0]?.[0]?.match.text;
    const isSelected = (e: StoredEvent) =>
      e.collector === collector && e.seq > afterSeq && e.seq <= upToSeq && (type === undefined || type === e.type);
    return all.filter(isSelected);
  };
  const store = {
    events: async (filter: EventFilter, limit: number) => {
      asked.push({ filter: { ...filter }, limit });
      return selected(filter).slice(0, limit);
    },
    latestEvents: async (filter: EventFilter, limit: number) =>
      selected(filter)
        .sort((one, other) =>
          one.timestamp === other.timestamp ? other.seq - one.seq : one.timestamp < other.timestamp ? 1 : -1,
        )
        .slice(0, limit),
    eventLines: async (filter: EventFilter, limit: number) => {
      const page = await store.events(filter, limit);
      const bytes = Buffer.from(page.map((event) => `${eventLine(event)}\n`).join(''));
      return { bytes, events: page.length, lastSeq: page.at(-1)?.seq ?? 0 };
    },
    seenUpTo: async (collector: string) =>
      Math.max(0, ...all.filter((e) => e.collector === collector).map(({ seq }) => seq)),
    settings: async () => ({}),
  };
  return {
    existingStore: () => store,
    requireCollector: async () => undefined,
    collectors: async () => [...new Set(all.map((event) => event.collector))].sort(),
  } as unknown as Context;
}

async function exported(
  context: Context,
  format: EventFormat | undefined,
  options: Partial<EventsOptions> = {},
): Promise<string> {
  const written: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(Buffer.from(text).toString());
    return true;
  });
  expect(await events(context, undefined, { ...(format && { format }), ...options })).toBe(0);
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
      where: parseFilter('type:server.* actor:"jason" "x"'),
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

function spied(name: 'stdout' | 'stderr', take: (text: string) => void): void {
  vi.spyOn(process[name], 'write').mockImplementation((text) => {
    take(String(text));
    return true;
  });
}

/** Writes to a terminal of this width. */
async function shownOn(
  columns: number,
  context: Context,
  options: EventsOptions = {},
  name?: string,
): Promise<{ lines: string[]; told: string }> {
  let out = '';
  let told = '';
  const { isTTY, columns: before, getColorDepth } = process.stdout;
  Object.assign(process.stdout, { isTTY: true, columns, getColorDepth: WriteStream.prototype.getColorDepth });
  spied('stdout', (text) => {
    out += text;
  });
  spied('stderr', (text) => {
    told += text;
  });
  try {
    expect(await events(context, name, options)).toBe(0);
  } finally {
    Object.assign(process.stdout, { isTTY, columns: before, getColorDepth });
    vi.restoreAllMocks();
  }
  return { lines: out.split('\n').slice(0, -1), told };
}

describe('events on a terminal', () => {
  const at = (second: number) => `2026-05-01T12:00:${String(second).padStart(2, '0')}Z`;
  const many = (count: number, more: Partial<StoredEvent> = {}): StoredEvent[] =>
    Array.from({ length: count }, (_, index) => ({ ...stored, seq: index + 1, timestamp: at(index), ...more }));
  const seqs = (lines: readonly string[]) => lines.slice(1).map((line) => Number(line.split(/ +/).at(-1)));

  beforeEach(() => {
    vi.stubEnv('NO_COLOR', '1');
    vi.stubEnv('FORCE_COLOR', undefined);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('are the newest 20, the latest first, and a line says how to see more', async () => {
    const { lines, told } = await shownOn(200, contextOf(many(30)));
    expect(lines[0]).toMatch(/^LOCAL TIME +TYPE +ACTOR +TARGET +FROM +SEQ$/);
    expect(seqs(lines)).toEqual(Array.from({ length: 20 }, (_, index) => 30 - index));
    expect(told).toMatch(/newest 20.*--tail.*--oldest/);
    const few = await shownOn(200, contextOf(many(20)));
    expect([few.lines.length, few.told]).toEqual([21, '']);
  });

  it('of several collectors are merged by time, each with its collector', async () => {
    const all = [...many(3, { collector: 'b', timestamp: at(5) }), ...many(9, { collector: 'a' })];
    const { lines } = await shownOn(200, contextOf(all), { tail: 6 });
    expect(lines[0]).toContain('COLLECTOR');
    const rows = lines.slice(1).map((line) => line.split(/ +/).slice(-2).join(''));
    expect(rows).toEqual(['a9', 'a8', 'a7', 'a6', 'b3', 'b2']);
    expect((await shownOn(200, contextOf(all), {}, 'a')).lines[0]).not.toContain('COLLECTOR');
  });

  it.each<[string, EventsOptions, number[]]>([
    ['--limit', { limit: 2 }, [5, 4]],
    ['--tail', { tail: 3 }, [5, 4, 3]],
    ['--oldest', { oldest: true }, [1, 2, 3, 4, 5]],
    ['--oldest --limit', { oldest: true, limit: 2 }, [1, 2]],
    ['--type', { type: 'server.ssh_login' }, [1, 2, 3, 4, 5]],
    ['--where --tail', { where: ['type:server.ssh_login'], tail: 2 }, [5, 4]],
    ['--since', { since: '2026-05-01' }, [1, 2, 3, 4, 5]],
  ])('with %s', async (_, options, expected) => {
    const { lines, told } = await shownOn(200, contextOf(many(5)), options);
    expect([seqs(lines), told]).toEqual([expected, '']);
  });

  it('that there are none of are said to be none', async () => {
    expect(await shownOn(80, contextOf([]))).toEqual({ lines: [], told: 'No events are stored.\n' });
    expect(await shownOn(80, contextOf(many(3)), { type: 'x' })).toEqual({ lines: [], told: 'No events match.\n' });
    const ofOthers = await shownOn(80, contextOf(many(3)), { where: ['source:descope'] });
    expect(ofOthers.told).toBe('No events match.\n');
  });

  it.each([20, 40, 80, 200])('fit %i columns, and no event breaks a line', async (columns) => {
    const long = {
      ...stored,
      type: 't'.repeat(90),
      actor: '漢'.repeat(60),
      server: `\u202e\n\u001b[2J${'😀'.repeat(50)}`,
    };
    const { lines } = await shownOn(columns, contextOf([long, { ...long, seq: 2, collector: 'b', user: 'u' }]));
    expect(lines).toHaveLength(3);
    for (const line of lines) {
      if (columns >= 80) expect(stringWidth(line)).toBeLessThanOrEqual(columns);
      expect(line).not.toMatch(/[\u001b\u202e]/);
    }
  });

  it('have no descriptions in brackets, which --wide shows with all other columns', async () => {
    const actor = 'ada (status: ACTIVE , usertype: human)';
    const server = 'web (project: p, canonical name: web, access address: ::1, OS: Ubuntu (22.04), OS type: linux)';
    const all = [{ ...stored, actor, server, user: 'bob (x)' }];
    const { lines } = await shownOn(200, contextOf(all));
    expect(lines[1]).toContain('  ada ');
    expect(lines[1]).toContain('  bob (x), web  ');
    expect(lines[1]).not.toContain('status');
    const wide = await shownOn(80, contextOf(all), { wide: true });
    for (const text of [actor, server, stored.id, stored.timestamp, stored.gateway, stored.collectedAt])
      expect(wide.lines[1]).toContain(text);
  });

  it('keep all of each cell with --wide, and their columns without it, whatever comes after the first page', async () => {
    const all = [...many(2_000, { timestamp: at(1) }), { ...stored, seq: 2_001, actor: 'a'.repeat(300) }];
    const wide = await shownOn(80, contextOf(all), { wide: true, oldest: true });
    expect(wide.lines.at(-1)).toContain('a'.repeat(300));
    const narrow = await shownOn(80, contextOf(all), { oldest: true });
    expect(narrow.lines).toHaveLength(2_002);
    expect(stringWidth(narrow.lines.at(-1)!)).toBe(stringWidth(narrow.lines.at(-2)!));
  });

  it('have times of this machine', async () => {
    vi.stubEnv('TZ', 'America/New_York');
    const { lines } = await shownOn(80, contextOf([{ ...stored, timestamp: '2026-01-01T00:00:00.9Z' }]));
    expect(lines[1]).toMatch(/^2025-12-31 19:00:00 /);
  });

  it('are coloured unless NO_COLOR says otherwise', async () => {
    const plain = await shownOn(80, contextOf(many(2)));
    expect(plain.lines.join('')).not.toContain('\u001b');
    vi.stubEnv('NO_COLOR', undefined);
    vi.stubEnv('TERM', 'xterm-256color');
    const coloured = await shownOn(80, contextOf(many(2)));
    expect(coloured.lines.join('')).toContain('\u001b[');
    expect(coloured.lines.map(stripVTControlCharacters)).toEqual(plain.lines);
  });

  it('in a format, or in a pipe, are all of them in the order of storing', async () => {
    const context = contextOf(many(30));
    const { lines } = await shownOn(80, context, { format: 'text' });
    expect(lines).toHaveLength(30);
    for (const options of [{}, { tail: 3 }]) {
      const text = await exported(context, undefined, options);
      const times = text
        .trimEnd()
        .split('\n')
        .map((line) => line.split('  ')[0]);
      expect(times).toEqual(
        many(30)
          .map(({ timestamp }) => timestamp)
          .slice(options.tail === undefined ? 0 : -3),
      );
    }
    expect(await exported(context, 'ndjson', { tail: 0 })).toBe('');
  });

  it.each<EventsOptions>([
    { tail: 3, oldest: true },
    { tail: 3, limit: 3 },
    { wide: true, format: 'csv' },
    { where: ['usr:ada'] },
    { where: ['ok', '12:30'] },
  ])('are not shown if %o is a wrong call', async (options) => {
    await expect(shownOn(80, contextOf(many(3)), options)).rejects.toBeInstanceOf(WrongCall);
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

  it('on a terminal begin now, after the newest that --tail asks for', async () => {
    const begun = async (options: EventsOptions, columns = 200) => {
      const all = Array.from({ length: 5 }, (_, index) => ({ ...stored, seq: index + 1 }));
      const context = contextOf(all);
      const store = await context.existingStore();
      const { events: read } = store;
      let isNew = true;
      store.events = async (filter, limit) => {
        const page = await read(filter, limit);
        if (isNew) all.push({ ...stored, seq: 6 });
        isNew = false;
        return page;
      };
      const { lines } = await shownOn(columns, context, { follow: true, ...options });
      return lines.slice(1).map((line) => Number(stripVTControlCharacters(line).split(/ +/).at(-1)));
    };
    expect(await begun({ limit: 1 })).toEqual([6]);
    expect(await begun({ limit: 1, type: stored.type })).toEqual([6]);
    expect(await begun({ limit: 3, oldest: true })).toEqual([1, 2, 3]);
    expect(await begun({ limit: 2, since: '2020-01-01' })).toEqual([1, 2]);
  });

  it('are not missed if the store shows them only once a later page is safe', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'trawl-events-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const store = new SqliteStore(join(folder, 'trawl.db'));
    onTestFinished(() => store.close());
    await store.writePage(page([event('a')], { nextOffset: '1', more: true }));
    await store.writePage(page([event('b')], { offset: '1', nextOffset: '2', more: true, followed: true }));
    const read = store.eventLines.bind(store);
    let reads = 0;
    store.eventLines = async (filter, limit) => {
      reads += 1;
      if (reads === 2) await store.writePage(page([event('c')], { offset: '2' }));
      return read(filter, limit);
    };
    const context = { existingStore: () => store, collectors: async () => ['asa'] } as unknown as Context;
    const text = await exported(context, 'ndjson', { follow: true, limit: 3 });
    const lines = text.trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(['a', 'b', 'c']);
  });
});
