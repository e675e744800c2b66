import { answerRoom, NoRoom } from '../../answer-room.js';
import type { Offset } from '../../domain.js';
import { TrawlError } from '../../errors.js';
import type { HttpAnswer, HttpClient } from '../../http/client.js';
import { pauseForReserveMs, statusError } from '../../http/status.js';
import { PageSize } from '../page-size.js';
import type { FetchedPage, SourceClient } from '../source.js';
import { Trail } from '../trail.js';
import { UnreadableAnswer } from '../unreadable.js';
import { linkWarning, newOffset, queryOf } from './offset.js';
import { parseAsaPage } from './page.js';
import type { AsaSettings } from './settings.js';
import { TokenSource } from './token.js';

const hints = {
  400: 'Check ASA_TEAM and SEARCH_COUNT.',
  403: 'Give the service user the role access_user, access_admin or reporting_user, and check that the team is not disabled.',
  404: 'Check ASA_TEAM and ASA_BASE_URL.',
};

/** Statuses that may mean that the API does not know the offset. */
const offsetRefusals = new Set([400, 404, 410]);

/** A page that was read ahead is discarded if it is not used within this time. */
const aheadMaxMs = 10_000;

/** The request for the next page, made while the current one is parsed, enriched and written. */
interface Ahead {
  url: string;
  answer: Promise<HttpAnswer>;
  /** Passes the memory that the answer takes to whatever holds answers where it is called. */
  handOver(): void;
  /** Discards the page. Must be cleared, since a running timer keeps the answer in memory. */
  timer: NodeJS.Timeout;
  abandon(): void;
}

/** Reads the pages of `GET /teams/{team}/auditsV2`. */
export class AsaClient implements SourceClient {
  readonly place: string;
  readonly #http: HttpClient;
  readonly #tokens: TokenSource;
  readonly #trail = new Trail();
  readonly #readsAhead: boolean;
  readonly #size: PageSize;
  #ahead: Ahead | undefined;

  /** @param readsAhead true to request the next page as soon as a page arrives, at most one at a time */
  constructor(http: HttpClient, settings: AsaSettings, readsAhead = true) {
    this.#http = http;
    this.#readsAhead = readsAhead;
    this.#size = new PageSize(settings.searchCount);
    this.#tokens = new TokenSource(http, settings);
    this.place = `${settings.asaBaseUrl}/teams/${encodeURIComponent(settings.asaTeam)}/auditsV2`;
  }

  async fetchPage(offset: Offset, signal?: AbortSignal): Promise<FetchedPage> {
    for (let requests = 1; ; requests += 1) {
      try {
        const page = await this.#page(offset, this.#size.current, signal);
        this.#size.arrived();
        return { ...page, requests };
      } catch (error) {
        // An offset does not depend on the page size. What is retried anyway is retried in smaller pages.
        if (!this.#size.shrinkAfter(error) || (error as TrawlError).retry) throw error;
      }
    }
  }

  async #page(offset: Offset, count: number, signal?: AbortSignal): Promise<Omit<FetchedPage, 'requests'>> {
    const url = `${this.place}?${queryOf(offset, count)}`;
    const answer = await (this.#takeAhead(url, signal) ?? this.#get(url, signal));
    if (answer.status !== 200) {
      const error = statusError(answer, url, 'the request for a page', hints);
      if (offset !== '' && offsetRefusals.has(answer.status)) await this.#throwIfOffsetUnknown(error, count, signal);
      throw error;
    }
    if (this.#readsAhead) this.#readAhead(answer, url, offset, count);
    let more = false;
    try {
      const page = this.#pageOf(answer, url, offset);
      more = page.more;
      return page;
    } finally {
      if (!more) this.#dropAhead();
    }
  }

  #pageOf(answer: HttpAnswer, url: string, offset: Offset): Omit<FetchedPage, 'requests'> {
    const content = parseAsaPage(answer.body);
    const next = newOffset(answer.headers.link ?? [], url);
    if (content.listMissing && next !== null) {
      throw new UnreadableAnswer(
        'A page has no list of events, but a link to a next page.',
        Buffer.from(answer.body).toString('utf8'),
      );
    }
    // Not of an empty page: it would no longer be passed over as one.
    const warning = content.events.length > 0 ? linkWarning(answer.headers.link ?? [], url) : undefined;
    const page = { body: answer.body, content, pauseMs: pauseForReserveMs(answer), ...(warning ? { warning } : {}) };
    // A link back to the page itself means that there is no next page yet.
    if (next === null || next === offset) return { ...page, nextOffset: offset, more: false };
    if (this.#trail.leadsOn(offset, next)) return { ...page, nextOffset: next, more: true };
    return { ...page, nextOffset: offset, more: false, leadsBack: true, warning: ledBack(next) };
  }

  /** Requests the next page right away, unless the answer asks to wait. Whether the page can be used shows later. */
  #readAhead(answer: HttpAnswer, url: string, offset: Offset, count: number): void {
    if (pauseForReserveMs(answer) > 0) return;
    let next: Offset | null;
    try {
      next = newOffset(answer.headers.link ?? [], url);
    } catch {
      return;
    }
    if (next === null || next === offset) return;
    this.#dropAhead();
    const abort = new AbortController();
    const nextUrl = `${this.place}?${queryOf(next, count)}`;
    const reading = answerRoom.ahead(() => this.#get(nextUrl, abort.signal));
    const ahead: Ahead = {
      url: nextUrl,
      answer: reading.result,
      handOver: reading.handOver,
      timer: setTimeout(() => {
        if (this.#ahead === ahead) this.#dropAhead();
      }, aheadMaxMs).unref(),
      abandon: () => {
        abort.abort();
        reading.end();
      },
    };
    // An error is handled when the page is used; if it never is, the error does not matter.
    ahead.answer.catch(() => undefined);
    this.#ahead = ahead;
  }

  /** The answer that was read ahead for this URL; undefined if there is none. */
  #takeAhead(url: string, signal?: AbortSignal): Promise<HttpAnswer> | undefined {
    const ahead = this.#ahead;
    if (ahead?.url !== url) {
      this.#dropAhead();
      return undefined;
    }
    this.#ahead = undefined;
    clearTimeout(ahead.timer);
    const taken = new Promise<HttpAnswer>((resolve, reject) => {
      const abandon = () => {
        ahead.abandon();
        reject(signal?.reason);
      };
      if (signal?.aborted) return abandon();
      signal?.addEventListener('abort', abandon, { once: true });
      ahead.answer.then(resolve, reject).finally(() => signal?.removeEventListener('abort', abandon));
    });
    return taken
      .catch((error: unknown) => {
        if (error instanceof NoRoom) return this.#get(url, signal);
        throw error;
      })
      .finally(() => ahead.handOver());
  }

  #dropAhead(): void {
    clearTimeout(this.#ahead?.timer);
    this.#ahead?.abandon();
    this.#ahead = undefined;
  }

  /**
   * If the same request succeeds without the offset, the offset is the reason for the refusal. If it fails in a way that
   * passes, nothing is known yet.
   */
  async #throwIfOffsetUnknown(refusal: TrawlError, count: number, signal?: AbortSignal): Promise<void> {
    const url = `${this.place}?${queryOf('', count)}`;
    const probe = await this.#get(url, signal);
    if (probe.status !== 200) {
      const other = statusError(probe, url, 'the request for a page', hints);
      if (other.retry) throw other;
      return;
    }
    throw new TrawlError(
      'OFFSET_UNKNOWN',
      `The source no longer knows the offset of the checkpoint: ${refusal.message}`,
      {
        hint: 'Everything that it still holds is read again; events that are already stored are not stored twice.',
        cause: refusal,
      },
    );
  }

  /** A token can expire at any time, so a refused one is replaced once. */
  async #get(url: string, signal?: AbortSignal): Promise<HttpAnswer> {
    for (let renewed = false; ; renewed = true) {
      const token = await this.#tokens.get(signal);
      const headers = { authorization: `Bearer ${token.reveal()}`, accept: 'application/json' };
      const answer = await this.#http.request({ method: 'GET', url, headers, signal });
      if (answer.status !== 401) return answer;
      await this.#tokens.drop(token);
      if (renewed) return answer;
    }
  }
}

function ledBack(next: Offset): string {
  return `STUCK: the link to the next page leads back to offset ${JSON.stringify(next)}, which this walk has read already: later events are not reached; ask the vendor`;
}
