import type { Offset } from '../../domain.js';
import { TrawlError } from '../../errors.js';
import type { HttpAnswer, HttpClient } from '../../http/client.js';
import { pauseForReserveMs, statusError } from '../../http/status.js';
import type { FetchedPage, SourceClient } from '../source.js';
import { Trail } from '../trail.js';
import { UnreadableAnswer } from '../unreadable.js';
import { newOffset, queryOf } from './offset.js';
import { parseAsaPage } from './page.js';
import type { AsaSettings } from './settings.js';
import { TokenSource } from './token.js';

const hints = {
  400: 'Check ASA_TEAM and SEARCH_COUNT.',
  403: 'Give the service user the role access_user, access_admin or reporting_user, and check that the team is not disabled.',
  404: 'Check ASA_TEAM and ASA_BASE_URL.',
};

/** Statuses by which an API says that it does not know an offset. */
const offsetRefusals = new Set([400, 404, 410]);

/** An answer that was asked for ahead is thrown away when nobody has come for it after this. */
const aheadMaxMs = 10_000;

/** The page after the last one that was read, asked for while that one is parsed, enriched and written. */
interface Ahead {
  url: string;
  answer: Promise<HttpAnswer>;
  /** Of throwing it away; it would keep the answer in memory for as long as it runs. */
  timer: NodeJS.Timeout;
  abandon(): void;
}

/** Reads the pages of `GET /teams/{team}/auditsV2`. */
export class AsaClient implements SourceClient {
  readonly place: string;
  readonly #http: HttpClient;
  readonly #settings: AsaSettings;
  readonly #tokens: TokenSource;
  readonly #trail = new Trail();
  readonly #readsAhead: boolean;
  #ahead: Ahead | undefined;

  /** @param readsAhead whether a page's answer sets off the request for the next one; there is never more than one under way. */
  constructor(http: HttpClient, settings: AsaSettings, readsAhead = true) {
    this.#http = http;
    this.#readsAhead = readsAhead;
    this.#settings = settings;
    this.#tokens = new TokenSource(http, settings);
    this.place = `${settings.asaBaseUrl}/teams/${encodeURIComponent(settings.asaTeam)}/auditsV2`;
  }

  async fetchPage(offset: Offset, signal?: AbortSignal): Promise<FetchedPage> {
    let count = this.#settings.searchCount;
    for (let requests = 1; ; requests += 1) {
      try {
        return { ...(await this.#page(offset, count, signal)), requests };
      } catch (error) {
        // A page over the bound on a body is read in smaller ones: an offset does not depend on how much is asked for.
        if (!(error instanceof TrawlError) || error.code !== 'PAGE_TOO_LARGE' || count === 1) throw error;
        count = Math.ceil(count / 2);
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
        'A page has no list of events, yet a page after it.',
        Buffer.from(answer.body).toString('utf8'),
      );
    }
    const page = { body: answer.body, content, pauseMs: pauseForReserveMs(answer) };
    // A link back to where it stands says that there is no other page yet.
    if (next === null || next === offset) return { ...page, nextOffset: offset, more: false };
    if (this.#trail.leadsOn(offset, next)) return { ...page, nextOffset: next, more: true };
    return { ...page, nextOffset: offset, more: false, warning: ledBack(next) };
  }

  /** Asks for the next page at once, unless the answer says to wait; whether it can be used at all is seen later. */
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
    const ahead: Ahead = {
      url: nextUrl,
      answer: this.#get(nextUrl, abort.signal),
      timer: setTimeout(() => {
        if (this.#ahead === ahead) this.#dropAhead();
      }, aheadMaxMs).unref(),
      abandon: () => abort.abort(),
    };
    // Heard when somebody comes for it, or not at all.
    ahead.answer.catch(() => undefined);
    this.#ahead = ahead;
  }

  /** Undefined where something else was asked for ahead, or nothing. */
  #takeAhead(url: string, signal?: AbortSignal): Promise<HttpAnswer> | undefined {
    const ahead = this.#ahead;
    if (ahead?.url !== url) {
      this.#dropAhead();
      return undefined;
    }
    this.#ahead = undefined;
    clearTimeout(ahead.timer);
    return new Promise((resolve, reject) => {
      const abandon = () => {
        ahead.abandon();
        reject(signal?.reason);
      };
      if (signal?.aborted) return abandon();
      signal?.addEventListener('abort', abandon, { once: true });
      ahead.answer.then(resolve, reject).finally(() => signal?.removeEventListener('abort', abandon));
    });
  }

  #dropAhead(): void {
    clearTimeout(this.#ahead?.timer);
    this.#ahead?.abandon();
    this.#ahead = undefined;
  }

  /** A refusal is the offset's fault where the same request without it is answered. */
  async #throwIfOffsetUnknown(refusal: TrawlError, count: number, signal?: AbortSignal): Promise<void> {
    const probe = await this.#get(`${this.place}?${queryOf('', count)}`, signal);
    if (probe.status !== 200) return;
    throw new TrawlError(
      'OFFSET_UNKNOWN',
      `The source no longer knows the offset of the checkpoint: ${refusal.message}`,
      {
        hint: 'Everything it still holds is read again; what is stored already is not stored twice.',
        cause: refusal,
      },
    );
  }

  /** A token can expire at any time: a refused one is replaced once. */
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
  return `STUCK: the link to the next page leads back to offset ${JSON.stringify(next)}, where the walk had been: what the source has after it is not reached; ask the vendor`;
}
