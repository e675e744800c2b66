import type { StoredEvent } from '../domain.js';

/** Encodes the events of a batch for sinks that write files. No I/O: rows in, bytes out. */
export interface Format {
  readonly name: 'ndjson' | 'csv' | 'parquet';
  /**
   * Takes the rows one by one, so that whoever makes them need not hold them. The same rows and options give the same bytes, so that a batch that is sent again replaces its earlier file.
   *
   * @throws TrawlError SETTINGS_INVALID if the format cannot hold records of this schema, or not this many bytes
   */
  encode(rows: Iterable<FormatRow>, options: FormatOptions): Promise<Encoded>;
}

interface FormatOptions {
  /** `native`, `ocsf` or `ecs`. */
  schema: string;
  /** Version of the schema's mapping, which decides the columns of Parquet; the newest unless said otherwise. */
  schemaVersion?: string;
  /** Compression of the whole file. Parquet, which is read in parts, always uses zstd internally instead. */
  compression: Compression;
  /** OCSF class (a key of `classes`) if all rows have the same one. Parquet then has only the columns of that class. */
  className?: string | undefined;
}

export type Compression = 'gzip' | 'zstd' | 'none';

export interface FormatRow {
  event: StoredEvent;
  /** The record built by the schema. */
  record: Readonly<Record<string, unknown>>;
  /** The record as one JSON line, without the line break. */
  json: string;
}

export interface Encoded {
  bytes: Uint8Array;
  /** For example `ndjson.gz`, `csv.zst`, `parquet`; without a leading dot. */
  extension: string;
  contentType: string;
}
