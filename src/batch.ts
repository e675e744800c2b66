/**
 * Types of a batch that stores and sinks share.
 */

export interface BatchForm {
  /** `native`, `ocsf` or `ecs`. */
  schema: string;
  /** Version of the schema's mapping tables. */
  schemaVersion: string;
  /** `ndjson`, `csv` or `parquet` for sinks that write files; otherwise the empty string. */
  format: string;
  /** `gzip`, `zstd` or `none`. Inside a Parquet file it is always zstd. */
  compression: string;
  /** `raw` or `security-lake`. */
  layout: string;
}

/** The part of a batch that a sink has confirmed since the previous part. */
export interface ConfirmedPart {
  /** The sink has every event up to this one. */
  lastSeq: number;
  /** Bytes of this part as sent: encoded and compressed. */
  bytes: number;
  refused: readonly RefusedEvent[];
}

/** A file that a sink has written. */
export interface SentObject {
  name: string;
  events: number;
  bytes: number;
}

/** An event that a sink received but cannot keep. */
export interface RefusedEvent {
  seq: number;
  id: string;
  reason: string;
}
