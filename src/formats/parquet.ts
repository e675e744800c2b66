import type { ColumnSource, ParquetWriteOptions } from 'hyparquet-writer';
import { zstdCompressor } from './compression.js';
import type { Format, FormatRow } from './format.js';
import { type ParquetColumn, parquetColumns } from './parquet-columns.js';

/** A batch is one group: readers take groups in parallel, and small ones cost more than they give. */
const rowGroupRows = 100_000;
/** Before compression. Security Lake asks for at most 1 MB, and the library counts UTF-16 units of texts. */
const pageBytes = 512 * 1024;
/** Of how files are written, not of the release: an upgrade alone changes no file. Spark warns where it is no version. */
const createdBy = 'trawl version 1.0.0';

export const parquet: Format = {
  name: 'parquet',
  async encode(rows, { schema }) {
    const columns = parquetColumns(schema);
    const { ByteWriter, parquetWrite } = await import('hyparquet-writer');
    const writer = new ByteWriter();
    await parquetWrite({
      writer,
      schema: [{ name: 'schema', num_children: columns.length }, ...columns.map(schemaElement)],
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

/** Each type by its old and its new name, since readers know one or the other. */
const elements = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  int32: { type: 'INT32' },
  int64: { type: 'INT64' },
  time: {
    type: 'INT64',
    converted_type: 'TIMESTAMP_MICROS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
  },
} as const satisfies Record<ParquetColumn['type'], Omit<SchemaElement, 'name'>>;

function schemaElement({ name, type, required }: ParquetColumn): SchemaElement {
  return { name, repetition_type: required ? 'REQUIRED' : 'OPTIONAL', ...elements[type] };
}

function columnSource(column: ParquetColumn, rows: readonly FormatRow[]): ColumnSource {
  const data = rows.map((row) => {
    const value = column.value(row);
    // Half a surrogate pair is no UTF-8.
    return typeof value === 'string' ? value.toWellFormed() : value;
  });
  return { name: column.name, data, ...(column.unlike ? { encoding: 'PLAIN', statistics: false } : {}) };
}
