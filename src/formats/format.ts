import type { StoredEvent } from '../domain.js';

/** How a sink that writes files writes the events of a batch. No I/O here: rows in, bytes out. */
export interface Format {
  readonly name: 'ndjson' | 'csv' | 'parquet';
  /**
   * The same rows and options give the same bytes, so that a batch that is sent again replaces itself.
   *
   * @throws TrawlError SETTINGS_INVALID where the format cannot hold records of this schema, or not so many bytes.
   */
  encode(rows: readonly FormatRow[], options: FormatOptions): Promise<Encoded>;
}

export interface FormatOptions {
  /** `native`, `ocsf` or `ecs`. */
  schema: string;
  /** Of the whole file; inside a Parquet file, which is read in parts, it is always zstd. */
  compression: Compression;
  /** Of OCSF, where all rows are of one class: the key of `classes`. Parquet has its columns alone then. */
  className?: string | undefined;
}

export type Compression = 'gzip' | 'zstd' | 'none';

export interface FormatRow {
  event: StoredEvent;
  /** As the schema makes it. */
  record: Readonly<Record<string, unknown>>;
  /** The record as one JSON line, without the line break. */
  json: string;
}

export interface Encoded {
  bytes: Uint8Array;
  /** For example `ndjson.gz`, `csv.zst`, `parquet`; without a dot before it. */
  extension: string;
  contentType: string;
}
