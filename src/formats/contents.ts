import { createHash } from 'node:crypto';
import { compressed, decompressed } from './compression.js';
import { eventCsvHead } from './event-csv.js';
import type { Compression, Encoded } from './format.js';
import { joinedParquet, type ParquetContents, parquetContents } from './parquet-join.js';

/** The contents of a file of events, to be compared with those of other files, and joined with them. */
export interface Contents {
  events: number;
  /** Size before compression. */
  plainBytes: number;
  /** Only files that have the same here can be joined. */
  kind: string;
  /** The rows in their order. Those of joined files are these of each of them, one after the other. */
  rows: readonly Uint8Array[];
  parquet?: ParquetContents;
}

interface FileKind {
  format: string;
  compression: string;
}

/** Reads a file that a format has encoded. Throws an error if it is something else. */
export async function contentsOf(bytes: Uint8Array, { format, compression }: FileKind): Promise<Contents> {
  if (format === 'parquet') {
    const parquet = await parquetContents(bytes);
    const { events, kind, rows } = parquet;
    return { events, kind, rows, plainBytes: bytes.length, parquet };
  }
  const plain = await decompressed(bytes, compression as Compression);
  if (plain.at(-1) !== newline) throw new Error('its last line is not whole');
  if (format === 'ndjson') return { events: linesOf(plain), plainBytes: plain.length, kind: '', rows: [plain] };
  if (format !== 'csv') throw new Error(`its format is ${JSON.stringify(format)}`);
  const head = plain.subarray(0, Buffer.byteLength(eventCsvHead()));
  const kind = Buffer.from(head).toString('utf8');
  if (kind !== eventCsvHead()) throw new Error('it has other columns');
  const rows = plain.subarray(head.length);
  return { events: csvLinesOf(rows), plainBytes: plain.length, kind, rows: [rows] };
}

/** One file with the rows of several, in their order. They are of one kind, and the same files give the same bytes. */
export async function joined(all: readonly Contents[], { format, compression }: FileKind): Promise<Encoded> {
  if (format === 'parquet') {
    const bytes = await joinedParquet(all.map(({ parquet }) => parquet!));
    return { bytes, extension: 'parquet', contentType: 'application/vnd.apache.parquet' };
  }
  const rows = all.flatMap((one) => one.rows);
  return format === 'csv'
    ? compressed(
        [eventCsvHead(), ...rows],
        { extension: 'csv', contentType: 'text/csv; charset=utf-8' },
        how(compression),
      )
    : compressed(rows, { extension: 'ndjson', contentType: 'application/x-ndjson' }, how(compression));
}

/** The same for files that have the same rows in the same order, however they are divided among the files. */
export function rowsDigest(all: readonly Contents[]): string {
  const hash = createHash('sha256');
  for (const { rows } of all) for (const part of rows) hash.update(part);
  return hash.digest('hex');
}

function how(compression: string): Compression {
  return compression as Compression;
}

const newline = 0x0a;
const quote = 0x22;

function linesOf(bytes: Uint8Array): number {
  let lines = 0;
  for (let at = bytes.indexOf(newline); at !== -1; at = bytes.indexOf(newline, at + 1)) lines += 1;
  return lines;
}

/** Without the line breaks inside of quotes. A quote in a cell is doubled, so that it opens and closes once more. */
function csvLinesOf(bytes: Uint8Array): number {
  let [lines, isQuoted] = [0, false];
  for (const byte of bytes) {
    if (byte === quote) isQuoted = !isQuoted;
    else if (byte === newline && !isQuoted) lines += 1;
  }
  if (isQuoted) throw new Error('its last line is not whole');
  return lines;
}
