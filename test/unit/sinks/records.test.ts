import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventsOfLines } from '../../../src/archive/lines.js';
import { eventTimeNs } from '../../../src/sinks/event-time.js';
import { parts } from '../../../src/sinks/parts.js';
import { records, schemaVersionOf, unmappedOf } from '../../../src/sinks/records.js';
import { utcText } from '../../../src/timestamp.js';
import { objectText } from '../support/json-text.js';
import { batchOf, event, expectRecord, hostileEvents } from './support.js';

describe('a native record', () => {
  it('is this line', () => {
    const [{ json, known } = expect.fail()] = records(batchOf([event(7, { extra: '{"x":1}' })]));
    expect(json).toBe(
      '{"collector":"acme","seq":7,"id":"id-7","timestamp":"2026-11-23T10:20:30.123456789Z","type":"server.login",' +
        '"actor":"ann","user":"bob","client":"","gateway":"","group":"","project":"p1","hostname":"h1","server":"",' +
        '"from_addr":"192.0.2.1","raw_event":{"n":7,"big":12345678901234567890,"trailing":1.50},"extra":{"x":1},' +
        '"collected_at":"2026-11-23T10:21:00.000Z"}',
    );
    expect(known).toBe(true);
  });

  it.each(hostileEvents)('of a hostile event is one line with its raw text ($seq)', (of) => {
    const [{ json, record } = expect.fail()] = records(batchOf([of]));
    expectRecord(json, of);
    expect(record).toStrictEqual(JSON.parse(json));
  });

  it('of any JSON is one line with its raw text', () => {
    const anyEvent = fc.tuple(objectText, fc.option(objectText), fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(anyEvent, ([rawEvent, extra, text]) => {
        const of = event(1, { rawEvent, extra, id: text, type: text, fromAddr: text });
        expectRecord(records(batchOf([of]))[0]!.json, of);
      }),
    );
  });

  it('has raw event and extra as texts if the form says so, and no half of a surrogate pair', () => {
    const asText = { ...batchOf([]).form, format: 'ndjson', rawEvent: 'text' as const };
    const anyEvent = fc.tuple(objectText, fc.option(objectText), fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(anyEvent, ([rawEvent, extra, text]) => {
        const of = event(1, { rawEvent, extra, id: `\ud800${text}\\ud800`, type: text });
        const { json } = records(batchOf([of], { form: asText }))[0]!;
        expect(json).not.toMatch(/[\r\n]/);
        const line = JSON.parse(json) as Record<string, string>;
        const texts = { id: of.id.toWellFormed(), type: text.toWellFormed(), raw_event: rawEvent.toWellFormed() };
        expect(line).toMatchObject({ ...texts, ...(extra !== null && { extra: extra.toWellFormed() }) });
        expect(JSON.stringify(line)).toBe(json);
        const [back] = eventsOfLines(Buffer.from(`${json}\n`), true);
        expect(back).toMatchObject({ rawEvent: rawEvent.toWellFormed(), extra: extra?.toWellFormed() ?? null });
      }),
    );
  });

  it('of another schema has no half of a surrogate pair, either, if the form says so', () => {
    const form = {
      ...batchOf([]).form,
      schema: 'ocsf',
      schemaVersion: schemaVersionOf('ocsf'),
      rawEvent: 'text' as const,
    };
    for (const { json } of records(batchOf(hostileEvents, { form }))) expect(json).not.toMatch(/[^\\](\\\\)*\\ud8/);
  });

  it('has no extra if the event has none', () => {
    const [{ record } = expect.fail()] = records(batchOf([event(1)]));
    expect(Object.keys(record)).not.toContain('extra');
  });

  it('of another schema is refused without a retry', () => {
    const form = { ...batchOf([]).form, schema: 'klingon' };
    expect(() => records(batchOf([event(1)], { form }))).toThrow(
      expect.objectContaining({ code: 'SETTINGS_INVALID', retry: false, message: expect.stringContaining('klingon') }),
    );
  });

  it('counts as unmapped if its type is unknown', () => {
    const all = records(batchOf([event(1), event(2), event(3)]));
    all[1]!.known = false;
    expect(unmappedOf(all)).toBe(1);
  });
});

describe('the time of an event', () => {
  it.each([
    ['2026-11-23T10:20:30.123456789Z', 6, '2026-11-23T10:20:30.123456Z'],
    ['2026-11-23T10:20:30.999999999+02:00', 3, '2026-11-23T08:20:30.999Z'],
    ['2026-11-23t10:20:30z', 9, '2026-11-23T10:20:30.000000000Z'],
    ['1969-12-31T23:59:59.5Z', 3, '1969-12-31T23:59:59.500Z'],
    ['nonsense', 3, '2026-11-23T10:21:00.000Z'],
  ])('%s to %i digits is %s', (timestamp, digits, expected) => {
    expect(utcText(eventTimeNs(event(1, { timestamp })), digits)).toBe(expected);
  });
});

describe('the parts of a batch', () => {
  const items = (...sizes: number[]) => sizes.map((bytes) => ({ bytes }));
  const sizes = (all: { bytes: number }[][]) => all.map((part) => part.map(({ bytes }) => bytes));

  it('are as full as the bound on bytes allows, and keep the order', () => {
    expect(sizes(parts(items(4, 6, 1, 9, 10), { bytesMax: 10 }))).toEqual([[4, 6], [1, 9], [10]]);
  });

  it('hold an item alone if it is too large', () => {
    expect(sizes(parts(items(1, 50, 1), { bytesMax: 10 }))).toEqual([[1], [50], [1]]);
  });

  it('are bounded in events too', () => {
    expect(sizes(parts(items(1, 1, 1), { bytesMax: 10, eventsMax: 2 }))).toEqual([[1, 1], [1]]);
  });

  it('of an empty batch are an empty list', () => {
    expect(parts([], { bytesMax: 10 })).toEqual([]);
  });
});
