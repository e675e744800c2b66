import type { EventColumns, Offset, Rejected, RelatedObject, RetentionGap } from '../domain.js';
import type { HttpClient } from '../http/client.js';
import type { ConfigurableKind, Values } from '../settings/definition.js';

/**
 * A kind of API. All sources share the rest: staging, storage of the common columns, deduplication and the checkpoint.
 */
export interface Source<Own extends Values = Values> extends ConfigurableKind<Own> {
  /** The vendor's retention of events, in days; undefined if the vendor does not say. */
  readonly retentionDays?: number;
  /** Set if the vendor allows only a few requests per period: the store then counts them before they are made. */
  readonly requestLimit?: RequestLimit;
  /** Returns a client for one collector, without I/O. */
  open(settings: Own, http: HttpClient): SourceClient;
  /**
   * Parses the body of a page. Pure: the same bytes give the same content.
   * @throws TrawlError ANSWER_UNREADABLE if the body is not a page
   */
  parse(body: Uint8Array): PageContent;
  /** S30 Process Audit Event: the columns of one event. Pure; `lookup` finds a related object by id. */
  enrich(event: SourceEvent, lookup: Lookup): EventColumns;
}

export interface RequestLimit {
  requests: number;
  periodMs: number;
}

export interface SourceClient {
  /**
   * Reads the page at an offset. The page is complete and well formed: a broken answer is an error.
   *
   * @throws TrawlError with a code that says whether and when to retry. OFFSET_UNKNOWN if the source accepts requests
   *   but not this offset. ANSWER_UNREADABLE errors carry the answer in `UnreadableAnswer`.
   */
  fetchPage(offset: Offset, signal?: AbortSignal): Promise<FetchedPage>;
  /** Name of the place that is read, without secrets: used in messages, and as the key for counting requests. */
  readonly place: string;
}

export interface FetchedPage {
  /** The body of the answer, without what must not be stored. It is staged, and `parse` turns it into `content`. */
  body: Uint8Array;
  content: PageContent;
  /**
   * The offset to continue from: after this page, or at this page again if it may still fill. The checkpoint moves
   * there even if nothing is new, so an idle source returns the offset of the request.
   */
  nextOffset: Offset;
  /** True if the source has more now, at `nextOffset`. */
  more: boolean;
  /** The wait before the next request, so that a reserve of the rate limit remains; ms. */
  pauseMs: number;
  /** Requests made for this page, including those for tokens. */
  requests: number;
  /** True if the source has more, but leads back to a page that the walk has read, so that it ends here. */
  leadsBack?: boolean;
  /** A period that was never read and that the source no longer holds: shown in the execution log and by `status`. */
  gap?: RetentionGap;
  /** A warning about the page for people: goes to the execution log, once per text, and to the worker's log. */
  warning?: string;
}

export interface PageContent {
  events: SourceEvent[];
  rejected: Rejected[];
  relatedObjects: RelatedObject[];
  /** Finds the page's own related objects, parsed. */
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
  /** The event as the source sent it, if `rawEvent` is only a part of that. */
  whole?: string;
  /** The members that enrichment reads. */
  details: Readonly<Record<string, unknown>>;
}

/** Returns the members of the related object with this id; undefined if it is unknown. */
export type Lookup = (id: string) => Readonly<Record<string, unknown>> | undefined;
