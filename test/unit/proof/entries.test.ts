import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventLine } from '../../../src/event-line.js';
import type { JournalEntry } from '../../../src/proof/entry-schema.js';
import { eventEntry, eventLeaf, goneLeaf } from '../../../src/proof/event-leaf.js';
import {
  entryBytesMax,
  entryText,
  journalText,
  parsedRanges,
  rangesOf,
  rangeText,
  rangeTexts,
  textsDigest,
} from '../../../src/proof/journal.js';
import { parsedEntry } from '../../../src/proof/parsed-entry.js';

const hostile = fc.string({
  unit: fc.constantFrom('a', '\n', '\r', '"', '\\', ',"raw_event":', ',"extra":', '\u2028', '\u{1f600}', '\ufffd', ' '),
});
const json = fc.tuple(hostile, fc.constantFrom('', '\n', '\r\n')).map(([said, space]) => {
  return `{${space}"said":${space}${JSON.stringify(said)}}`;
});
const event = fc.record({
  ...{ seq: fc.integer({ min: 1 }), id: hostile, timestamp: fc.constant('2026-01-01T00:00:00Z'), type: hostile },
  ...{ actor: hostile, user: hostile, client: hostile, gateway: hostile, group: hostile, project: hostile },
  ...{ hostname: hostile, server: hostile, fromAddr: hostile, rawEvent: json, extra: fc.option(json) },
  collectedAt: fc.constant('2026-01-01T00:00:01.000Z'),
});

describe('the entry of an event', () => {
  it('can be made from the line of an export', () => {
    fc.assert(
      fc.property(event, (given) => {
        const line = eventLine({ collector: 'asa', ...given });
        const row = JSON.parse(line) as Record<string, string>;
        const rest = line.slice(line.indexOf(',"raw_event":') + ',"raw_event":'.length);
        // The source's own text, cut out by its length: JSON cannot be parsed and written the same.
        const raw = rest.slice(0, given.rawEvent.length);
        const extra =
          given.extra === null ? '' : rest.slice(raw.length + ',"extra":'.length).slice(0, given.extra.length);
        const said = createHash('sha256').update([row.id, row.timestamp, raw, extra].join('\0')).digest('hex');
        const columns = 'type actor user client gateway group project hostname server from_addr collected_at'.split(
          ' ',
        );
        const derived = columns.map((name) => row[name]).join('\0');
        expect(eventEntry('asa', given)).toBe(`trawl-event/1\nasa\n${row.seq}\n${said}\n${derived}`);
      }),
    );
  });

  it('differs in each column', () => {
    const given = fc.sample(event, 1)[0]!;
    const leaf = eventLeaf('asa', given);
    for (const name of Object.keys(given) as (keyof typeof given)[]) {
      const altered = { ...given, [name]: name === 'seq' ? given.seq + 1 : `${given[name] ?? ''}x` };
      expect(eventLeaf('asa', altered), name).not.toBe(leaf);
    }
    expect(eventLeaf('asb', given)).not.toBe(leaf);
    expect(goneLeaf('asa', given.seq)).not.toBe(leaf);
  });
});

const entry: JournalEntry = {
  ...{ kind: 'page', at: '2026-01-01T00:00:00.000Z', page: 4, generation: 0, events: 3, new: 2, rejected: 1 },
  ...{ seqs: '7-8', digest: 'd', texts: 'a'.repeat(64), size: 8, root: `${'A'.repeat(43)}=` },
};

describe('an entry of the journal', () => {
  it('has the digest of texts that NUL separates', () => {
    expect(textsDigest('one', null, 'two')).toBe(createHash('sha256').update('one\0\0two').digest('hex'));
  });

  it('is lines of names and values, and is read again', () => {
    const text = entryText(entry);
    expect(text.split('\n').slice(0, 4)).toEqual([
      'trawl-journal/1',
      'kind page',
      'at 2026-01-01T00:00:00.000Z',
      'page 4',
    ]);
    expect(parsedEntry(text)).toEqual(entry);
  });

  const sha = 'b'.repeat(64);
  it.each<JournalEntry>([
    { kind: 'rewind', at: 'now', generation: 3, to: sha, refused: sha },
    { kind: 'erase', at: 'now', seq: 7, reason: journalText('a\nrequest'), by: '"somebody"', rejects: 'none' },
    { kind: 'answer', at: 'now', rows: `${sha}:${sha}` },
    {
      ...{ kind: 'object', at: 'now', sink: '"lake"', series: '""', batch: 4, form: '{"schema":"native"}' },
      ...{ name: '"raw/dt=2026-01-01/x.ndjson.gz"', seqs: '7-8,10', events: 3, bytes: 300, sha256: sha },
    },
    {
      ...{ kind: 'compacted', at: 'now', sink: '"lake"', old: '["a","b"]', name: '"c"', events: 3, bytes: 300 },
      sha256: sha,
    },
    { kind: 'key', at: 'now', old: 'trawl+0a1b2c3d+AAAA', new: 'trawl+0a1b2c3e+AAAB', signature: 'AAAA' },
    { kind: 'read', at: 'now', by: '"somebody"', what: '"export --since 7d"', events: 100 },
  ])('is read again: $kind', (given) => {
    expect(parsedEntry(entryText(given))).toEqual(given);
  });

  it('has any text in one line, and of a long one the digest', () => {
    fc.assert(
      fc.property(hostile, (said) => {
        const setting: JournalEntry = { kind: 'setting', at: 'now', text: journalText(said) };
        expect(parsedEntry(entryText(setting))).toEqual(setting);
      }),
    );
    expect(journalText('x'.repeat(1_000_000))).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it.each([
    ['another kind', (text: string) => text.replace('kind page', 'kind pages')],
    ['another version', (text: string) => text.replace('/1', '/2')],
    ['no last line break', (text: string) => text.slice(0, -1)],
    ['a line more', (text: string) => `${text}more 1\n`],
    ['a line twice', (text: string) => `${text}size 8\n`],
    ['another order', (text: string) => text.replace('page 4\ngeneration 0', 'generation 0\npage 4')],
    ['a number of another form', (text: string) => text.replace('page 4', 'page 04')],
  ])('with %s is none of this version', (_, change) => {
    expect(change(entryText(entry))).not.toBe(entryText(entry));
    expect(parsedEntry(change(entryText(entry)))).toBeNull();
  });

  it('has at most 64 KiB, however many ranges there are', () => {
    const seqs = Array.from({ length: 10_000 }, (_, index) => 1_000_000_000_000 + index * 3);
    const texts = rangeTexts(rangesOf(seqs.flatMap((seq) => [seq, seq + 1])));
    expect(texts.length).toBeGreaterThan(1);
    for (const text of texts) {
      const retention = entryText({ kind: 'retention', at: 'now', seqs: text });
      expect(Buffer.byteLength(retention)).toBeLessThan(entryBytesMax);
      expect(parsedEntry(retention)).not.toBeNull();
    }
  });

  it('has ranges that are read again', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { minLength: 1 }), (some) => {
        const seqs = some.sort((one, other) => one - other);
        const read = rangeTexts(rangesOf(seqs)).flatMap(parsedRanges);
        expect(
          read.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, index) => first + index)),
        ).toEqual(seqs);
      }),
    );
    expect(rangeText(5, 4)).toBe('none');
    expect(parsedRanges('none')).toEqual([]);
    expect(rangeText(5, 5)).toBe('5');
  });
});
