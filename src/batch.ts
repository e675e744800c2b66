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
  /** Names of the folders in the layout `raw`; `plain` if a version that had no others has fixed the batch. */
  folderNames?: FolderNames | undefined;
  /** `text` if lines of NDJSON have the raw event as a text; otherwise it is part of their JSON. */
  rawEvent?: 'json' | 'text' | undefined;
}

/**
 * `trawl_source=asa/trawl_collector=asa` or `source=asa/collector=asa`. The first is that of new sinks: readers add folders
 * as columns, and refuse or lose a column of the same name: `collector` of the events, `source` of ECS.
 */
export const folderNameForms = ['trawl', 'plain'] as const;

type FolderNames = (typeof folderNameForms)[number];

/** The part of a batch that a sink has confirmed since the previous part. */
export interface ConfirmedPart {
  /** The sink has every event up to this one. */
  lastSeq: number;
  /** Bytes of this part as sent: encoded and compressed. */
  bytes: number;
  refused: readonly RefusedEvent[];
}

/** A batch that its sink has confirmed, or the rest of it if parts of it were confirmed before. */
export interface ConfirmedBatch {
  /** Objects written, if the sink writes files. */
  objects: readonly SentObject[];
  /** Bytes as sent: encoded and compressed. */
  bytes: number;
  /** Events that the sink rejected individually, with the reason. They are recorded and reported. */
  refused: readonly RefusedEvent[];
}

/** A file that a sink has written. */
export interface WrittenObject {
  name: string;
  events: number;
  bytes: number;
  /** Name of the object that a compaction is merging this one into; it may exist already. */
  into?: string;
  /** SHA-256 of the bytes; objects of earlier versions lack it. */
  sha256?: string;
  /** Size before compression; only merged objects have it. */
  plainBytes?: number;
  /** The batch's own objects that this merged one has replaced, and that may still exist. */
  replaces?: readonly WrittenObject[];
}

/** A file that a sink has written, with its bytes. */
export type HashedObject = WrittenObject & { sha256: string };

/** The same of a batch, with the sequence numbers of its events. */
export type SentObject = HashedObject & { seqs: readonly { first: number; last: number }[] };

/** An event that a sink received but cannot keep. */
export interface RefusedEvent {
  seq: number;
  id: string;
  reason: string;
}
