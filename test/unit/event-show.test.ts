import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { painter } from '../../src/cli/colour.js';
import type { Context } from '../../src/cli/context.js';
import { jsonLines } from '../../src/cli/events/json-text.js';
import { event as show } from '../../src/cli/verbs/event.js';
import { WrongCall } from '../../src/cli/wrong-call.js';
import { SqliteStore } from '../../src/stores/sqlite/store.js';
import { event, page } from '../conformance/pages.js';
import { valueText } from './support/json-text.js';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

async function storeOf(...collectors: string[]): Promise<{ store: SqliteStore; context: Context }> {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-show-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const store = new SqliteStore(join(folder, 'trawl.db'));
  onTestFinished(() => store.close());
  const context = {
    existingStore: async () => store,
    requireCollector: async () => undefined,
    collectors: async () => collectors,
  };
  return { store, context: context as unknown as Context };
}

async function shown(context: Context, args: [string, string?], json = false): Promise<string> {
  let text = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((part) => {
    text += String(part);
    return true;
  });
  expect(await show(context, [args[0], args[1]], { json })).toBe(0);
  vi.restoreAllMocks();
  return text;
}

const rawEvent = '{"actor":"u1","n":12345678901234567890.10,\n"by":["u2","u3"],"note":"u1 \\u001b[2J\u202e"}';

async function storeWithObjects() {
  const { store, context } = await storeOf('asa', 'b');
  const object = (id: string) => ({ id, type: 'user', object: `{"name":"${id}","v":1.50}` });
  await store.writePage(page([event('a')], { nextOffset: 'o1', digest: 'd-one' }));
  await store.writePage(
    page([event('UD5p==', { rawEvent, extra: '{"x":2.0}', fromAddr: '\u001b[31m::1', user: '' }), event('12')], {
      ...{ offset: 'o1', nextOffset: 'o2', digest: 'd-two' },
      relatedObjects: [object('u1'), object('u2'), object('other')],
    }),
  );
  await store.writePage(page([event('a'), event('7')], { collector: 'b' }));
  return { store, context };
}

describe('trawl events show', () => {
  it('shows the columns, the raw event, its related objects and the page that brought it', async () => {
    const { context } = await storeWithObjects();
    const text = await shown(context, ['UD5p==']);
    expect(text).toMatch(/^collector +asa\nseq +2\nid +UD5p==\ntimestamp +2026-01-01T00:00:00\.000000001Z\n/);
    expect(text).toContain('"n": 12345678901234567890.10,\n  "by": [\n    "u2",\n    "u3"\n  ]');
    expect(text).toContain('extra\n{\n  "x": 2.0\n}');
    expect(text.match(/^related user \S+$/gm)).toEqual(['related user u1', 'related user u2']);
    expect(text).toMatch(
      /\npage 2 of the ledger\ncommitted .*\noffset +o1\n[\s\S]*2 \(2 new: seq 2 to 3; 0 rejected\)/,
    );
    expect(text).toContain('d-two');
    expect(text).not.toMatch(/[\u001b\u202e]/);
    expect(text).not.toMatch(/^user /m);
  });

  it('as JSON keeps the texts of the source', async () => {
    const { context } = await storeWithObjects();
    const text = await shown(context, ['asa', '2'], true);
    expect(text).toContain('12345678901234567890.10');
    expect(JSON.parse(text)).toMatchObject({
      event: { collector: 'asa', seq: 2, id: 'UD5p==', raw_event: { by: ['u2', 'u3'] }, extra: { x: 2 } },
      related: [
        { id: 'u1', type: 'user', object: { name: 'u1', v: 1.5 } },
        { id: 'u2', type: 'user', object: { name: 'u2', v: 1.5 } },
      ],
      page: { number: 2, offset: 'o1', firstSeq: 2, lastSeq: 3, digest: 'd-two' },
    });
  });

  it.each<[string, [string, string?], string]>([
    ['an id', ['UD5p=='], 'asa 2'],
    ['an id of a collector', ['b', 'a'], 'b 1'],
    ['a number of a collector', ['asa', '3'], 'asa 3'],
    ['a number that only one has', ['3'], 'asa 3'],
    ['an id that is a number', ['12'], 'asa 3'],
    ['an id, explicitly', ['id:7'], 'b 2'],
    ['a number, explicitly', ['b', 'seq:2'], 'b 2'],
  ])('finds an event by %s', async (_, args, found) => {
    const { context } = await storeWithObjects();
    const { event: one } = JSON.parse(await shown(context, args, true));
    expect(`${one.collector} ${one.seq}`).toBe(found);
  });

  it('does not choose between several events', async () => {
    const { context } = await storeWithObjects();
    await expect(shown(context, ['a'])).rejects.toMatchObject({
      message: '"a" is an event of several: asa id:a, b id:a.',
      hint: 'Name the one: trawl events show asa id:a',
    });
    await expect(shown(context, ['1'])).rejects.toBeInstanceOf(WrongCall);
    // The id of one event is the number of another.
    const { store, context: other } = await storeOf('asa');
    await store.writePage(page([event('2'), event('x')]));
    await expect(shown(other, ['2'])).rejects.toThrow('asa id:2, asa seq:2');
    expect(JSON.parse(await shown(other, ['seq:2'], true)).event.id).toBe('x');
  });

  it.each(['none', '99', 'seq:99', 'id:none', 'seq:a', '0', '*'])('says that there is no event %s', async (id) => {
    const { context } = await storeWithObjects();
    await expect(shown(context, [id])).rejects.toMatchObject({ code: 'EVENT_UNKNOWN' });
  });
});

describe('coloured JSON', () => {
  it('is the same JSON in the same characters, whatever it holds', () => {
    vi.stubEnv('FORCE_COLOR', '1');
    const texts = fc.oneof(
      valueText,
      fc.jsonValue().map((value) => JSON.stringify(value, null, '\t')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const lines = stripVTControlCharacters(jsonLines(text, painter()));
        expect(JSON.stringify(JSON.parse(lines))).toBe(JSON.stringify(JSON.parse(text)));
      }),
      { numRuns: 300 },
    );
  });

  it('has the usual layout', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: fc.constantFrom('a', '{', '"', ':', ',', ' ') }), (value) => {
        expect(jsonLines(JSON.stringify(value), (_, text) => text)).toBe(JSON.stringify(value, null, 2));
      }),
      { numRuns: 300 },
    );
  });

  it('of any depth and size takes little time', () => {
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    expect(jsonLines(deep, (_, text) => text)).toContain('[]');
    const long = JSON.stringify({ text: 'x'.repeat(5_000_000) });
    expect(jsonLines(long, (_, text) => text)).toHaveLength(long.length + 5);
  });
});
