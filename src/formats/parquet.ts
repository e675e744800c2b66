import { setImmediate } from 'node:timers/promises';
import type { ColumnSource, ParquetWriteOptions } from 'hyparquet-writer';
import { zstdCompressor } from './compression.js';
import { isList } from './fitted.js';
import type { Format, FormatRow } from './format.js';
import { type ParquetColumn, parquetColumns } from './parquet-columns.js';

/**
 * Length of the events that become one group. Readers process groups in parallel, but small ones cost more than they gain,
 * and a writer holds a group in memory. A batch of the default size is one.
 */
const groupLength = 32 * 1024 * 1024;
const groupRows = 100_000;
/** Rows per step, so that a batch does not block the worker. */
const rowsAtOnce = 1_000;
/** Size before compression. Security Lake requires at most 1 MB, and the library counts UTF-16 units of texts. */
const pageBytes = 512 * 1024;
/**
 * Version of the encoding, not of the release, so that an upgrade alone does not change files. Spark expects a version.
 */
const createdBy = 'trawl version 1.0.0';

export const parquet: Format = {
  name: 'parquet',
  async encode(rows, { schema, schemaVersion, className }) {
    const columns = parquetColumns(schema, className, schemaVersion);
    const { ByteWriter, ParquetWriter } = await import('hyparquet-writer');
    const writer = new ByteWriter();
    const file = new ParquetWriter({
      writer,
      schema: [{ name: 'schema', num_children: columns.length }, ...columns.flatMap(columnElements)],
      codec: 'ZSTD',
      compressors: { ZSTD: await zstdCompressor() },
      createdBy,
    });
    for await (const columnData of groups(columns, rows))
      await file.write({ columnData, rowGroupSize: groupRows, pageSize: pageBytes });
    await file.finish();
    return { bytes: writer.getBytes(), extension: 'parquet', contentType: 'application/vnd.apache.parquet' };
  },
};

/** The columns of one group after the other; of one group without rows if there are none. */
async function* groups(columns: readonly ParquetColumn[], rows: Iterable<FormatRow>): AsyncGenerator<ColumnSource[]> {
  const empty = () => columns.map(columnSource);
  let [group, count, length, written] = [empty(), 0, 0, false];
  for (const row of rows) {
    columns.forEach((column, at) => {
      const value = column.value(row);
      // Lone surrogates are not valid UTF-8.
      (group[at]!.data as unknown[]).push(typeof value === 'string' ? value.toWellFormed() : value);
    });
    count += 1;
    length += row.event.rawEvent.length;
    if (count % rowsAtOnce === 0) await setImmediate();
    if (length < groupLength && count < groupRows) continue;
    yield group;
    [group, count, length, written] = [empty(), 0, 0, true];
  }
  if (count > 0 || !written) yield group;
}

type SchemaElement = NonNullable<ParquetWriteOptions['schema']>[number];

/** Each type has its old and its new name, since readers know one or the other. */
const elements = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  int32: { type: 'INT32' },
  int64: { type: 'INT64' },
  boolean: { type: 'BOOLEAN' },
  time: {
    type: 'INT64',
    converted_type: 'TIMESTAMP_MICROS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
  },
} as const satisfies Record<Extract<ParquetColumn['type'], string>, Omit<SchemaElement, 'name'>>;

function columnElements({ name, type, required }: ParquetColumn): SchemaElement[] {
  return nested(name, type, required ? 'REQUIRED' : 'OPTIONAL');
}

/**
 * An element followed by its children, in the order of the format. A list has the three levels that every reader knows.
 */
function nested(
  name: string,
  type: ParquetColumn['type'],
  repetition: NonNullable<SchemaElement['repetition_type']> = 'OPTIONAL',
): SchemaElement[] {
  if (typeof type === 'string') return [{ name, repetition_type: repetition, ...elements[type] }];
  if (isList(type)) {
    return [
      { name, repetition_type: repetition, num_children: 1, converted_type: 'LIST', logical_type: { type: 'LIST' } },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      ...nested('element', type[0]),
    ];
  }
  const members = Object.entries(type);
  return [
    { name, repetition_type: repetition, num_children: members.length },
    ...members.flatMap(([member, shape]) => nested(member, shape)),
  ];
}

function columnSource({ name, unlike }: ParquetColumn): ColumnSource {
  return { name, data: [], ...(unlike ? { encoding: 'PLAIN', statistics: false } : {}) };
}
