import fc from 'fast-check';
import type { StoredEvent } from '../../../src/domain.js';
import type { FormatRow } from '../../../src/formats/format.js';

export const stored: StoredEvent = {
  collector: 'asa',
  seq: 1,
  id: 'UD5pqjIhjKVQPmmqMiGMpQ==',
  timestamp: '2020-11-18T18:05:08.277119888Z',
  type: 'server.ssh_login',
  actor: 'Jason',
  user: 'Quentin',
  client: 'c',
  gateway: '',
  group: 'g',
  project: 'p',
  hostname: 'h',
  server: 's',
  fromAddr: '192.0.2.1',
  rawEvent: '{"n":12345678901234567890,"z":1.50}',
  extra: null,
  collectedAt: '2026-05-01T12:00:00.000Z',
};

export function rowOf(event: Partial<StoredEvent> = {}, record: Record<string, unknown> = {}): FormatRow {
  return { event: { ...stored, ...event }, record, json: JSON.stringify(record) };
}

/** Texts that have broken files of some format before. */
export const hostilePieces = [
  ...['\u0000', '\ud800', '\udc00', '\udc00\ud800', '"', "'", '""', ',', ';', '\n', '\r', '\r\n', '\\', '\\N', '\t'],
  ...[
    '\u2028',
    '\u2029',
    '\ufeff',
    '\ufffd',
    '\uffff',
    '\u{10ffff}',
    '😀',
    '👩‍👩‍👧',
    '\u202e',
    '=1+1',
    'NULL',
    'null',
    ' ',
  ],
];

export const hostileText = fc
  .array(fc.oneof(fc.constantFrom(...hostilePieces), fc.string({ unit: 'binary', maxLength: 30 })), { maxLength: 4 })
  .map((parts) => parts.join(''));

/** JSON text as a source might send it: any white space is possible, and so are numbers that no double holds. */
const jsonText = fc.oneof(
  fc.json(),
  hostileText.map((text) => JSON.stringify({ text })),
  hostileText.map(
    (text) => `{ "text": "${text.replace(/["\\\u0000-\u001f]/g, '')}",\n "n": 123456789012345678901.50 }`,
  ),
);

const timestamp = fc
  .tuple(
    fc.date({ min: new Date('1700-01-01'), max: new Date('2200-01-01'), noInvalidDate: true }),
    fc.nat(999_999_999),
  )
  .map(([date, ns]) => `${date.toISOString().slice(0, 19)}.${String(ns).padStart(9, '0')}Z`);

export const anyEvent: fc.Arbitrary<StoredEvent> = fc.record({
  collector: fc.stringMatching(/^[a-z][a-z0-9-]{0,10}$/),
  seq: fc.maxSafeNat(),
  id: hostileText,
  timestamp,
  type: hostileText,
  actor: hostileText,
  user: hostileText,
  client: hostileText,
  gateway: hostileText,
  group: hostileText,
  project: hostileText,
  hostname: hostileText,
  server: hostileText,
  fromAddr: hostileText,
  rawEvent: jsonText,
  extra: fc.option(jsonText),
  collectedAt: timestamp,
});

export const anyRows = fc.array(
  fc.tuple(anyEvent, fc.object()).map(([event, record]) => ({ event, record, json: JSON.stringify(record) })),
  { minLength: 1, maxLength: 20 },
);
