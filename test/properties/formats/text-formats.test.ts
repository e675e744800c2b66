import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { decompress } from 'fzstd';
import { describe, expect, it } from 'vitest';
import { zstdCompressor } from '../../../src/formats/compression.js';
import type { Compression, Encoded } from '../../../src/formats/format.js';
import { formatOf, formats } from '../../../src/formats/registry.js';
import { anyRows, hostilePieces, rowOf, stored } from '../../unit/formats/rows.js';

const compressions = ['gzip', 'zstd', 'none'] as const;
const suffixes = { gzip: '.gz', zstd: '.zst', none: '' };

function unpacked({ bytes }: Encoded, compression: Compression): Uint8Array {
  if (compression === 'none') return bytes;
  return compression === 'gzip' ? gunzipSync(bytes) : decompress(bytes);
}

function textOf(encoded: Encoded, compression: Compression): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(unpacked(encoded, compression));
}

const ndjson = formatOf('ndjson');
const csv = formatOf('csv');

describe('the formats', () => {
  it('are found by name', () => {
    expect(formats.map(({ name }) => formatOf(name).name)).toEqual(['ndjson', 'csv', 'parquet']);
  });

  it.each(['', 'avro', 'constructor'])('have no format named %j', (name) => {
    expect(() => formatOf(name)).toThrow(
      expect.objectContaining({ code: 'SETTINGS_INVALID', hint: expect.stringContaining('parquet') }),
    );
  });

  it('give the same bytes for the same rows', async () => {
    const rows = Array.from({ length: 200 }, (_, seq) => rowOf({ seq, actor: `user ${seq % 7}` }, { seq }));
    for (const format of formats)
      for (const compression of compressions) {
        const options = { schema: 'native', compression };
        const first = await format.encode(rows, options);
        const second = await format.encode(structuredClone(rows), options);
        expect(Buffer.from(first.bytes).equals(second.bytes)).toBe(true);
      }
  });
});

describe.each(compressions)('NDJSON with compression %s', (compression) => {
  const options = { schema: 'ocsf', compression };

  it('has its file name', async () => {
    expect(await ndjson.encode([rowOf()], options)).toMatchObject({
      extension: `ndjson${suffixes[compression]}`,
      contentType: { gzip: 'application/gzip', zstd: 'application/zstd', none: 'application/x-ndjson' }[compression],
    });
  });

  it('is the records in order, one per line', async () => {
    await fc.assert(
      fc.asyncProperty(anyRows, async (rows) => {
        const text = textOf(await ndjson.encode(rows, options), compression);
        expect(text.endsWith('\n')).toBe(true);
        expect(text.slice(0, -1).split('\n')).toEqual(rows.map(({ json }) => json));
      }),
      { numRuns: 100 },
    );
  });

  it('keeps numbers beyond 2^53 and long texts', async () => {
    const json = [stored.rawEvent, JSON.stringify({ long: 'ä'.repeat(1_000_000) })];
    const encoded = await ndjson.encode(
      json.map((each) => ({ ...rowOf(), json: each })),
      options,
    );
    expect(textOf(encoded, compression)).toBe(`${json.join('\n')}\n`);
  });

  it('of no rows is empty', async () => {
    expect(textOf(await ndjson.encode([], options), compression)).toBe('');
  });
});

describe('gzip', () => {
  it('has neither a time nor a system in its header', async () => {
    const { bytes } = await ndjson.encode([rowOf()], { schema: 'native', compression: 'gzip' });
    expect([...bytes.subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, expect.any(Number), 255]);
  });
});

describe('zstd', () => {
  it('refuses more than it can compress, and still works afterwards', async () => {
    const compress = await zstdCompressor();
    // Never touched, so it takes no memory.
    const tooLong = new Uint8Array(512 * 1024 * 1024 + 1);
    expect(() => compress(tooLong)).toThrow(expect.objectContaining({ code: 'SETTINGS_INVALID', retry: false }));
    expect(decompress(compress(new Uint8Array([1, 2, 3])))).toEqual(new Uint8Array([1, 2, 3]));
  });
});

const columns = [
  ...([
    'collector',
    'seq',
    'id',
    'timestamp',
    'type',
    'actor',
    'user',
    'client',
    'gateway',
    'group',
    'project',
  ] as const),
  ...(['hostname', 'server', 'from_addr', 'raw_event', 'extra', 'collected_at'] as const),
];

/** A text as a reader gets it back: without lone surrogates, and with an apostrophe before a formula. */
function csvText(text: string): string {
  const shown = text.toWellFormed();
  return /^[=+\-@\t\r＝＋－＠]/.test(shown) ? `'${shown}` : shown;
}

describe.each(compressions)('CSV with compression %s', (compression) => {
  const options = { schema: 'native', compression };

  it('has its file name', async () => {
    expect(await csv.encode([rowOf()], options)).toMatchObject({
      extension: `csv${suffixes[compression]}`,
      contentType: { gzip: 'application/gzip', zstd: 'application/zstd', none: 'text/csv; charset=utf-8' }[compression],
    });
  });

  it('is read back by another parser', async () => {
    await fc.assert(
      fc.asyncProperty(anyRows, async (rows) => {
        const text = textOf(await csv.encode(rows, options), compression);
        const [head, ...lines] = parse(text, { record_delimiter: '\n' }) as string[][];
        expect(head).toEqual(columns);
        expect(lines).toEqual(
          rows.map(({ event }) => [
            event.collector,
            String(event.seq),
            /^[\w+/-]+={0,2}$/.test(event.id) ? event.id : csvText(event.id),
            event.timestamp,
            ...[event.type, event.actor, event.user, event.client, event.gateway, event.group].map(csvText),
            ...[event.project, event.hostname, event.server, event.fromAddr].map(csvText),
            event.rawEvent.toWellFormed(),
            (event.extra ?? '').toWellFormed(),
            event.collectedAt,
          ]),
        );
      }),
      { numRuns: 100 },
    );
  });

  it('of no rows is only the names of the columns', async () => {
    expect(textOf(await csv.encode([], options), compression)).toBe(`${columns.join(',')}\n`);
  });
});

describe('CSV', () => {
  it('keeps every hostile text in its cell', async () => {
    const rows = hostilePieces.map((piece, seq) => rowOf({ seq, rawEvent: `{"x":"${piece}"}`, hostname: `x${piece}` }));
    const text = textOf(await csv.encode(rows, { schema: 'native', compression: 'none' }), 'none');
    const lines = parse(text, { record_delimiter: '\n', columns: true }) as Record<string, string>[];
    expect(lines.map((line) => line.hostname)).toEqual(rows.map(({ event }) => event.hostname.toWellFormed()));
    expect(lines.map((line) => line.raw_event)).toEqual(rows.map(({ event }) => event.rawEvent.toWellFormed()));
  });

  it('has each of many rows once, in order', async () => {
    const rows = Array.from({ length: 2_500 }, (_, seq) => rowOf({ seq }));
    const text = textOf(await csv.encode(rows, { schema: 'native', compression: 'none' }), 'none');
    const lines = parse(text, { columns: true }) as Record<string, string>[];
    expect(lines.map((line) => Number(line.seq))).toEqual(rows.map(({ event }) => event.seq));
  });

  it.each(['\r', '\n', '\r\n', '"', ','])(
    'quotes a cell with %j, which would end it for some readers',
    async (piece) => {
      const encoded = await csv.encode([rowOf({ hostname: `a${piece}b` })], { schema: 'native', compression: 'none' });
      expect(textOf(encoded, 'none')).toContain(`,"a${piece.replaceAll('"', '""')}b",`);
    },
  );

  it.each(['ocsf', 'ecs'])('refuses the schema %s', async (schema) => {
    await expect(csv.encode([rowOf()], { schema, compression: 'none' })).rejects.toMatchObject({
      code: 'SETTINGS_INVALID',
      message: 'csv supports only the schema native.',
      hint: expect.stringMatching(/ndjson or parquet/),
    });
  });
});
