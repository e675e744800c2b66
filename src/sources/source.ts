import type { EventColumns, Offset, Rejected, RelatedObject, RetentionGap } from '../domain.js';
import type { HttpClient } from '../http/client.js';
import type { ConfigurableKind, Values } from '../settings/definition.js';

/**
 * A kind of API. Everything that is not in here (staging, the common columns' storage, deduplication, the checkpoint)
 * is shared by all sources.
 */
export interface Source<Own extends Values = Values> extends ConfigurableKind<Own> {
  /** How long the vendor keeps events, in days; left out where it does not say. */
  readonly retentionDays?: number;
  /** Requests that the vendor allows in a period, where it is few: they are then counted ahead, in the store. */
  readonly requestLimit?: RequestLimit;
  /** A client for one collector. Opening it does no I/O. */
  open(settings: Own, http: HttpClient): SourceClient;
  /**
   * What a page holds, from the body of its answer. Pure: the same bytes give the same content.
   * @throws TrawlError ANSWER_UNREADABLE where the body is no page.
   */
  parse(body: Uint8Array): PageContent;
  /** S30 Process Audit Event: one event's columns. Pure; `lookup` finds a related object by id. */
  enrich(event: SourceEvent, lookup: Lookup): EventColumns;
  /** The ids that `enrich` would look up for an event. */
  lookedUp(event: SourceEvent): string[];
}

export interface RequestLimit {
  requests: number;
  periodMs: number;
}

export interface SourceClient {
  /**
   * Reads the page at an offset. The page it gives is complete and well formed: a broken answer is an error.
   *
   * @throws TrawlError with a code that says whether and when to try again. OFFSET_UNKNOWN where the source takes
   *   requests but not this offset; ANSWER_UNREADABLE errors carry the answer in `UnreadableAnswer`.
   */
  fetchPage(offset: Offset, signal?: AbortSignal): Promise<FetchedPage>;
  /** Names the place that is read, without anything secret: for messages, and to count its requests by. */
  readonly place: string;
}

export interface FetchedPage {
  /** What is staged: the body of the answer, without what must not be stored. `parse` makes `content` of it. */
  body: Uint8Array;
  content: PageContent;
  /**
   * Where to read on: after this page, or at it once more where it may still fill. The checkpoint moves there even where
   * nothing is new, so an idle source gives the offset it was asked for.
   */
  nextOffset: Offset;
  /** Whether the source has more now, at `nextOffset`. */
  more: boolean;
  /** How long to leave the source alone before the next request, so that a reserve of its rate limit is kept; ms. */
  pauseMs: number;
  /** Requests made for it, tokens included. */
  requests: number;
  /** Time that had not been read and that the source no longer holds: told in the execution log and by `status`. */
  gap?: RetentionGap;
  /** What a person should know of the page: told in the execution log, once for each text, and in the worker's log. */
  warning?: string;
}

export interface PageContent {
  events: SourceEvent[];
  rejected: Rejected[];
  relatedObjects: RelatedObject[];
  /** The page's own related objects by id, parsed. */
  lookup: Lookup;
  /** SHA-256 (hex) over ids and raw events, in order. */
  digest: string;
}

export interface SourceEvent {
  id: string;
  timestamp: string;
  timeNs: bigint;
  rawEvent: string;
  extra: string | null;
  /** The members that enrichment reads. */
  details: Readonly<Record<string, unknown>>;
}

/** Finds a related object's members by its id; undefined where it is not known. */
export type Lookup = (id: string) => Readonly<Record<string, unknown>> | undefined;
