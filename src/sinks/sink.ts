import type { BatchForm, ConfirmedPart, RefusedEvent, SentObject } from '../batch.js';
import type { StoredEvent } from '../domain.js';
import type { HttpClient } from '../http/client.js';
import type { ConfigurableKind, Values } from '../settings/definition.js';

/**
 * A kind of place that events are offloaded to. A new one is a folder beside this file and a line in registry.ts. Its `check`
 * sees the settings of every sink as well.
 */
export interface Sink<Own extends Values = Values> extends ConfigurableKind<Own> {
  /** A client for one sink. Opening it does no I/O. */
  open(settings: Own, context: SinkContext): SinkClient;
  /** Of a kind that writes files: in which form. */
  fileForm?(settings: Own): FileForm;
}

/** Of the form of a batch, what only sinks that write files have. */
export type FileForm = Pick<BatchForm, 'format' | 'compression' | 'layout'>;

export interface SinkContext {
  http: HttpClient;
  /** For libraries that read their own variables, as the AWS SDK does. */
  env: Readonly<Record<string, string | undefined>>;
}

export interface SinkClient {
  /** Names the place that is written to, without anything secret: for messages. */
  readonly place: string;
  /**
   * Sends a batch, and comes back when the sink has confirmed it. The same batch may be sent again, by this or another
   * process: it must then leave the sink as one sending does, as far as the sink lets it.
   *
   * @param confirmed told of each part of the batch that the sink has, where a batch is several requests: whoever sends
   *   it again leaves those out. What it throws ends the sending.
   * @throws TrawlError with a code that says whether it may be tried again: SINK_UNAVAILABLE, SINK_REFUSED, SINK_FULL,
   *   SINK_ANSWER_UNREADABLE.
   */
  send(batch: OutgoingBatch, signal?: AbortSignal, confirmed?: OnConfirmed): Promise<Sent>;
  /** Tries place and credentials, and leaves nothing behind where the sink lets it. Throws as `send` does. */
  check(signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Events of one collector, in the order of their sequence numbers. A batch of a name is always of the same ones. */
export interface OutgoingBatch {
  collector: string;
  /** `asa`, `descope`, `skyflow`. */
  source: string;
  /** Unique for collector and sink, and the same at each sending; letters, digits and dashes. Sorts by time. */
  name: string;
  firstSeq: number;
  lastSeq: number;
  /** Without those of the parts that were confirmed before. */
  events: readonly StoredEvent[];
  /** How its records are to be made; fixed with the batch, whatever the settings say by now. */
  form: BatchForm;
}

export interface Sent {
  /** What was written, where a sink writes files. */
  objects: readonly SentObject[];
  /** As sent, compressed where it was. */
  bytes: number;
  /** Events that went to the base event or API Activity, since their type is in no mapping table. */
  unmapped: number;
  /** Events that the sink took but cannot keep, each by itself, with its reason: they are kept and told. */
  refused: readonly RefusedEvent[];
}

export type OnConfirmed = (part: ConfirmedPart) => Promise<void>;
