import type { Offset } from '../../domain.js';
import { TrawlError } from '../../errors.js';
import type { HttpAnswer, HttpClient } from '../../http/client.js';
import { statusError } from '../../http/status.js';
import { PageSize } from '../page-size.js';
import type { FetchedPage, SourceClient } from '../source.js';
import { UnreadableAnswer } from '../unreadable.js';
import { cursorOf, offsetOf, type Range } from './cursor.js';
import { type DescopePageContent, parseDescopePage } from './page.js';
import { type DescopeSettings, filtersOf } from './settings.js';
import { advance, freeze, inPagesOf, isFirstPage, isProbe, type PageRequest, pageMax, requestOf } from './walk.js';

/** Descope's retention of audit events, and so the furthest that `from` may reach back. */
export const descopeRetentionDays = 30;

/** Distance of `from` to the end of the retention, to allow for the duration of a request. */
const marginMs = 60_000;

/** Smaller clock differences are ignored: `Date` headers have a resolution of seconds. */
const skewMinMs = 30_000;

/** Wait after a 429 without Retry-After. Refused requests may count against the limit too. */
const unsaidWaitMs = 15_000;

const hints = {
  400: 'Check the filters of this collector (descope…) and SEARCH_COUNT.',
  401: 'Check DESCOPE_PROJECT_ID and DESCOPE_MANAGEMENT_KEY; if the key was revoked or has expired, create a new one (Company, Management Keys).',
  403: 'Give the management key access to this project and a role that may read the audit log.',
  404: 'Check DESCOPE_BASE_URL.',
};

/** Reads pages of `POST /v1/mgmt/audit/search`. Each call makes one request, so that the limit is counted correctly. */
export class DescopeClient implements SourceClient {
  readonly place: string;
  readonly #http: HttpClient;
  readonly #settings: DescopeSettings;
  readonly #filters: ReturnType<typeof filtersOf>;
  readonly #overlapMs: number;
  /** The source's clock minus this machine's, according to its answers. */
  #skewMs = 0;
  /** Page size to request; lowered after answers that exceed the maximum body size. */
  readonly #size: PageSize;
  /** The longest page, and the largest `total`, of those that were complete although `total` said otherwise. */
  readonly #disproved = { count: 0, total: 0 };

  constructor(http: HttpClient, settings: DescopeSettings) {
    this.#http = http;
    this.#settings = settings;
    this.#filters = filtersOf(settings);
    this.#overlapMs = settings.descopeOverlapMinutes * 60_000;
    this.#size = new PageSize(settings.searchCount);
    this.place = `${settings.descopeBaseUrl}/v1/mgmt/audit/search (project ${settings.descopeProjectId})`;
  }

  async fetchPage(offset: Offset, signal?: AbortSignal): Promise<FetchedPage> {
    const overlapMs = this.#overlapMs;
    const cursor = cursorOf(offset);
    const nowMs = this.#nowMs();
    const window = cursor.kind === 'open' ? freeze(cursor, nowMs, overlapMs) : cursor;
    const first = sized(window.todo[0]!, this.#size.current);
    const frozen = { ...window, todo: [first, ...window.todo.slice(1)] };
    const request = requestOf(first, this.#size.current, nowMs - descopeRetentionDays * 86_400_000 + marginMs);
    const { body, content } = await this.#read(request, signal).catch((error: unknown) => {
      throw this.#smallerAfter(error);
    });
    this.#size.arrived();
    if (content.listMissing && request.page === 0) {
      throw new UnreadableAnswer('An answer reports audits but contains none.', Buffer.from(body).toString());
    }
    const answeredMs = this.#nowMs();
    // The answer may show that this machine's clock is ahead. The next overlap must be counted from the right time.
    const until = cursor.kind === 'open' ? Math.min(frozen.until, answeredMs) : frozen.until;
    const { next, ...step } = advance(cursor, { ...frozen, until }, request, content, {
      nowMs: answeredMs,
      overlapMs,
      doubtful: this.#mayBeCut(first, request, content),
    });
    return { body, content, nextOffset: next === cursor ? offset : offsetOf(next), ...step, pauseMs: 0, requests: 1 };
  }

  async #read(request: PageRequest, signal?: AbortSignal) {
    const body = await this.#search(request, signal);
    return { body, content: parseDescopePage(body) };
  }

  async #search(request: PageRequest, signal?: AbortSignal): Promise<Uint8Array> {
    const { descopeBaseUrl: baseUrl, descopeProjectId: projectId, descopeManagementKey: key } = this.#settings;
    if (request.page > pageMax) {
      throw new TrawlError('REQUEST_REFUSED', `One millisecond holds more than ${pageMax} pages of audit events.`, {
        hint: 'The API seems to ignore the page number: check DESCOPE_BASE_URL and any proxy in between.',
      });
    }
    const url = `${baseUrl}/v1/mgmt/audit/search`;
    const answer = await this.#http.request({
      method: 'POST',
      url,
      headers: {
        authorization: `Bearer ${projectId}:${key.reveal()}`,
        'content-type': 'application/json',
        accept: 'application/json',
      },
      body: JSON.stringify({
        ...this.#filters,
        from: String(request.from),
        to: String(request.to),
        page: request.page,
        // Older versions of the API know one name, newer ones the other.
        batchSize: request.size,
        size: request.size,
        oldestFirst: true,
      }),
      signal,
    });
    const clockWasWrong = this.#heedClock(answer);
    if (answer.status === 200) return answer.body;
    const error = statusError(answer, url, 'the audit search', hints);
    if (answer.status === 401) {
      throw new TrawlError('CREDENTIALS_REFUSED', error.message, { hint: error.hint });
    }
    if (answer.status === 400 && clockWasWrong) {
      throw new TrawlError('REQUEST_REFUSED', `${error.message} The clock of this machine is wrong by minutes.`, {
        hint: "The request is retried with the source's clock; correct the clock of this machine.",
        retry: true,
      });
    }
    if (answer.status === 429 && error.retryAfterMs === undefined) {
      throw new TrawlError('RATE_LIMITED', error.message, { hint: error.hint, retryAfterMs: unsaidWaitMs });
    }
    throw error;
  }

  /**
   * An API that returns fewer events than requested would end every range too early. If `total` suggests that, the next
   * numbered page settles it. If that has no events, `total` was wrong, and is believed again only if it or the page is
   * larger.
   */
  #mayBeCut(range: Range, request: PageRequest, { count, total }: DescopePageContent): boolean {
    const disproved = this.#disproved;
    if (isProbe(range, request) && count === 0) {
      disproved.count = Math.max(disproved.count, request.size);
      disproved.total = Math.max(disproved.total, total);
    }
    if (!isFirstPage(range) || count === 0 || count >= request.size) return false;
    return total > count && (count > disproved.count || total > disproved.total);
  }

  /** After an answer that was too large or took too long, the next attempt requests smaller pages. */
  #smallerAfter(error: unknown): unknown {
    if (!this.#size.shrinkAfter(error)) return error;
    const { code, message } = error as TrawlError;
    return new TrawlError(code, message, {
      hint: `It is requested again in pages of ${this.#size.current} events.`,
      cause: error,
      retry: true,
    });
  }

  /** Windows follow the source's clock, not this machine's. Returns true if the difference has just changed. */
  #heedClock({ headers }: HttpAnswer): boolean {
    const theirs = Date.parse(headers.date?.[0] ?? '');
    if (!Number.isFinite(theirs)) return false;
    const skewMs = theirs - Date.now();
    const known = this.#skewMs;
    this.#skewMs = Math.abs(skewMs) < skewMinMs ? 0 : skewMs;
    return Math.abs(this.#skewMs - known) >= skewMinMs;
  }

  #nowMs(): number {
    return Math.floor(Date.now() + this.#skewMs);
  }
}

/** Restarts a range of numbered pages that have become too large with smaller ones. */
function sized(range: Range, size: number): Range {
  return range.paging && range.paging.size > size ? inPagesOf(size, range) : range;
}
