import type { ColumnSource, ParquetWriteOptions } from 'hyparquet-writer';
import { zstdCompressor } from './compression.js';
import { isList } from './fitted.js';
import type { Format, FormatRow } from './format.js';
import { type ParquetColumn, parquetColumns } from './parquet-columns.js';

/** A batch becomes one group. Readers process groups in parallel, but small ones cost more than they gain. */
const rowGroupRows = 100_000;
/** Size before compression. Security Lake requires at most 1 MB, and the library counts UTF-16 units of texts. */
const pageBytes = 512 * 1024;
/**
 * Version of the encoding, not of the release, so that an upgrade alone does not change files. Spark expects a version.
 */
const createdBy = 'trawl version 1.0.0';

export const parquet: Format = {
  name: 'parquet',
  async encode(rows, { schema, className }) {
    const columns = parquetColumns(schema, className);
    const { ByteWriter, parquetWrite } = await import('hyparquet-writer');
    const writer = new ByteWriter();
    await parquetWrite({
      writer,
      schema: [{ name: 'schema', num_children: columns.length }, ...columns.flatMap(columnElements)],
      columnData: columns.map((column) => columnSource(column, rows)),
      codec: 'ZSTD',
      compressors: { ZSTD: await zstdCompressor() },
      rowGroupSize: rowGroupRows,
      pageSize: pageBytes,
      createdBy,
    });
    return { bytes: writer.getBytes(), extension: 'parquet', contentType: 'application/vnd.apache.parquet' };
  },
};

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

function columnSource(column: ParquetColumn, rows: readonly FormatRow[]): ColumnSource {
  const data = rows.map((row) => {
    const value = column.value(row);
    // Lone surrogates are not valid UTF-8.
    return typeof value === 'string' ? value.toWellFormed() : value;
  });
  return { name: column.name, data, ...(column.unlike ? { encoding: 'PLAIN', statistics: false } : {}) };
}
