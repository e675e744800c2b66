/**
 * What stores and sinks say to each other of a batch.
 */

export interface BatchForm {
  /** `native`, `ocsf` or `ecs`. */
  schema: string;
  /** Of the schema's mapping tables. */
  schemaVersion: string;
  /** Of sinks that write files: `ndjson`, `csv` or `parquet`; else the empty string. */
  format: string;
  /** `gzip`, `zstd` or `none`; inside a Parquet file always zstd. */
  compression: string;
  /** `raw` or `security-lake`. */
  layout: string;
}

/** The part of a batch that a sink has confirmed since the part before it. */
export interface ConfirmedPart {
  /** The sink has every event up to this one. */
  lastSeq: number;
  /** As sent; of this part. */
  bytes: number;
  refused: readonly RefusedEvent[];
}

/** A file that a sink has written. */
export interface SentObject {
  name: string;
  events: number;
  bytes: number;
}

/** An event that a sink took but cannot keep. */
export interface RefusedEvent {
  seq: number;
  id: string;
  reason: string;
}
