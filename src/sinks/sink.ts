import type { BatchForm, ConfirmedBatch, ConfirmedPart, WrittenObject } from '../batch.js';
import type { StoredEvent } from '../domain.js';
import type { HttpClient } from '../http/client.js';
import type { ConfigurableKind, Values } from '../settings/definition.js';

/**
 * A kind of destination for offloaded events. To add one, create a folder beside this file and add a line to
 * registry.ts. Its `check` also sees the settings of every sink.
 */
export interface Sink<Own extends Values = Values> extends ConfigurableKind<Own> {
  /** Returns a client for one sink, without I/O. */
  open(settings: Own, context: SinkContext): SinkClient;
  /** Form of the files, for kinds that write files. */
  fileForm?(settings: Own): FileForm;
}

/** The part of a batch's form that only sinks that write files have. */
export type FileForm = Pick<BatchForm, 'format' | 'compression' | 'layout' | 'folderNames' | 'rawEvent'>;

export interface SinkContext {
  http: HttpClient;
  /** For libraries that read variables of their own, such as the AWS SDK. */
  env: Readonly<Record<string, string | undefined>>;
}

export interface SinkClient {
  /** Name of the place that is written to, without secrets; used in messages. */
  readonly place: string;
  /** How long one request may take, for sinks that may get events twice if one is broken off. */
  readonly answerMaxMs?: number;
  /**
   * Sends a batch and resolves once the sink has confirmed it. This process or another may send the same batch again:
   * as far as the sink allows, the result must then be the same as after sending it once.
   *
   * @param confirmed called with each part that the sink has confirmed, if the batch takes several requests. A later
   *   attempt leaves those parts out. An error it throws ends the sending.
   * @throws TrawlError with a code that says whether to retry: SINK_UNAVAILABLE, SINK_SLOW, SINK_REFUSED, SINK_FULL,
   *   SINK_ANSWER_UNREADABLE
   */
  send(batch: OutgoingBatch, signal?: AbortSignal, confirmed?: OnConfirmed): Promise<SendResult>;
  /** Tests the place and the credentials, and leaves nothing behind if the sink allows that. Throws like `send`. */
  check(signal?: AbortSignal): Promise<void>;
  /**
   * Reads back an object that `send` has written, for sinks that write files.
   * @throws TrawlError as `send` does; SINK_REFUSED if it is gone or has another size
   */
  read?(object: WrittenObject, signal?: AbortSignal): Promise<Uint8Array>;
  /**
   * Writes an object under the full name that the manifest will list, for a compaction. The same name and bytes again give
   * the same result. Throws as `send` does.
   */
  write?(name: string, file: WholeFile, signal?: AbortSignal): Promise<void>;
  /** Says what keeps an object from being deleted, such as a lock of the bucket; null if nothing does or it is not there. */
  lockOf?(object: WrittenObject, signal?: AbortSignal): Promise<string | null>;
  /**
   * Deletes an object, for good as far as the place allows it; once that is done, it does nothing.
   * @returns what refuses that, such as a lock; null when the object is gone
   */
  remove?(name: string, signal?: AbortSignal): Promise<string | null>;
  /** Where heads of the proof of completeness are kept, for sinks that write files. */
  readonly proofFolder?: ProofFolder;
  close(): Promise<void>;
}

/** A folder of files that are written once, beside the events of a sink. Names have slashes. Methods throw as `send` does. */
export interface ProofFolder {
  /** Writes a file that nobody may change afterwards. @returns false if another file is there under its name */
  keep(name: string, bytes: Uint8Array, signal?: AbortSignal): Promise<boolean>;
  /** Names of files in a folder, without the folder, after a name and in order: all, or the first thousand. */
  after(folder: string, name: string, signal?: AbortSignal): Promise<string[]>;
  /** Returns null if there is no such file. */
  get(name: string, signal?: AbortSignal): Promise<Uint8Array | null>;
}

/** A file, completely in memory. */
export interface WholeFile {
  bytes: Uint8Array;
  contentType: string;
  /** True if it is to be deleted soon, so that it gets no lock. */
  isPassing?: true;
}

/** Events of one collector, ordered by sequence number. A batch name always stands for the same events. */
export interface OutgoingBatch {
  collector: string;
  /** `asa`, `descope`, `skyflow`. */
  source: string;
  /** Unique per collector and sink, and the same on every attempt; letters, digits and dashes. Sorts by time. */
  name: string;
  firstSeq: number;
  lastSeq: number;
  /** Without events of parts that were already confirmed. */
  events: readonly StoredEvent[];
  /** Number of events right before these that the sink has refused, one after the other; 0 if not given. */
  refusedBefore?: number;
  /** True if the sink is not known to have accepted any event. */
  isUntried?: boolean;
  /** No request but the first is begun after this time; epoch ms. */
  lastBeginMs?: number;
  /** The form of the records. Fixed with the batch, even if the settings have changed since. */
  form: BatchForm;
}

export interface SendResult extends ConfirmedBatch {
  /** Number of events mapped to the base event or API Activity because no mapping table has their type. */
  unmapped: number;
}

export type OnConfirmed = (part: ConfirmedPart) => Promise<void>;
