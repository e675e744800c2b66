import type { Offset } from '../../domain.js';
import { TrawlError } from '../../errors.js';
import type { HttpAnswer, HttpClient } from '../../http/client.js';
import { pauseForReserveMs, statusError } from '../../http/status.js';
import { PageSize } from '../page-size.js';
import type { FetchedPage, SourceClient } from '../source.js';
import { Trail } from '../trail.js';
import { type Cursor, keyOf, queryOf } from './cursor.js';
import { filterParameters } from './filters.js';
import { follow, offsetOf, type Position, positionOf, readFrom } from './overlap.js';
import { readSkyflowPage, type SkyflowPageContent } from './page.js';
import type { SkyflowSettings } from './settings.js';
import { epochMs } from './timestamp.js';
import { type Tokens, tokensOf } from './token.js';

/** Statuses that may mean that the API does not accept the cursor. */
const offsetRefusals = new Set([400, 404, 410]);

/** Counts the requests that a page costs. */
interface Spent {
  requests: number;
}

/** Reads the pages of `GET /v1/audit/events`, of a vault or of the management plane. */
export class SkyflowClient implements SourceClient {
  readonly place: string;
  readonly #http: HttpClient;
  readonly #settings: SkyflowSettings;
  readonly #tokens: Tokens;
  readonly #trail = new Trail();
  readonly #size: PageSize;
  /** The cursor that was last refused, and whether the walk has restarted since. */
  #refused: { cursor: Offset; readAgain: boolean } | undefined;

  constructor(http: HttpClient, settings: SkyflowSettings) {
    this.#http = http;
    this.#settings = settings;
    this.#tokens = tokensOf(http, settings);
    this.#size = new PageSize(settings.searchCount);
    this.place = `${settings.skyflowVaultUrl}/v1/audit/events`;
  }

  async fetchPage(offset: Offset, signal?: AbortSignal): Promise<FetchedPage> {
    const position = positionOf(offset);
    if (!position) throw offsetUnknown('it is not an offset of this source.');
    const spent = { requests: 0 };
    for (;;) {
      try {
        const page = await this.#page(offset, position, spent, signal);
        this.#size.arrived();
        return { ...page, ...spent };
      } catch (error) {
        // A cursor does not depend on the page size. What is retried anyway is retried in smaller pages.
        if (!this.#size.shrinkAfter(error) || (error as TrawlError).retry) throw error;
      }
    }
  }

  async #page(
    offset: Offset,
    position: Position,
    spent: Spent,
    signal?: AbortSignal,
  ): Promise<Omit<FetchedPage, 'requests'>> {
    const overlapMs = this.#settings.skyflowOverlapMinutes * 60_000;
    const askedMs = Date.now();
    const from = readFrom(position, overlapMs, askedMs);
    const startedAt = performance.now();
    const answer = await this.#get(from.cursor, spent, signal);
    const tookMs = performance.now() - startedAt;
    if (answer.status !== 200) {
      const error = this.#refusal(answer);
      if (from.cursor && offsetRefusals.has(answer.status))
        await this.#throwIfUnknown(from.cursor, error, spent, signal);
      throw error;
    }
    if (this.#refused && !from.cursor) this.#refused.readAgain = true;
    if (this.#refused?.cursor === offsetOf({ cursor: from.cursor })) this.#refused = undefined;
    const { body, content } = readSkyflowPage(answer.body, this.#settings.skyflowKeepContent);
    const page = { body, content, pauseMs: pauseForReserveMs(answer) };
    // An empty page may have more behind it. At the end, its cursor is missing or that of the request.
    const hasEvents = content.events.length + content.rejected.length > 0;
    const isEnd = !hasEvents && content.nextOps !== null && keyOf(content.nextOps) === keyOf(from.cursor);
    const next = isEnd ? null : content.nextOps;
    if (next && this.#trail.leadsOn(keyOf(from.cursor), keyOf(next))) {
      const settledBeforeMs = askedMsByTheirs(answer, askedMs, tookMs) - overlapMs;
      const isOld = overlapMs === 0 || timeMs(next, content) < settledBeforeMs;
      // A short page is not the end: the API may silently lower the limit.
      return { ...page, nextOffset: offsetOf(follow(from, next, isOld, askedMs)), more: true };
    }
    // The end for now. Without nextOps the page may still fill, and is read again at the same offset.
    const nextOffset = from.cursor === position.cursor ? offset : offsetOf({ cursor: from.cursor });
    return { ...page, nextOffset, more: false, ...(next ? { leadsBack: true, warning: ledBack(next) } : {}) };
  }

  /**
   * If the same request succeeds without the cursor, the cursor is the reason for the refusal, and everything is read
   * again. If that leads to the same cursor, and it is refused again, the run must fail: it would never end. (The check
   * of the store compares offsets, which contain more than the cursor.)
   */
  async #throwIfUnknown(cursor: Cursor, refusal: TrawlError, spent: Spent, signal?: AbortSignal): Promise<void> {
    const probe = await this.#get(null, spent, signal);
    if (probe.status !== 200) {
      const other = this.#refusal(probe);
      // It passes, so nothing is known yet.
      if (other.retry) throw other;
      return;
    }
    const key = offsetOf({ cursor });
    if (this.#refused?.cursor !== key || !this.#refused.readAgain) {
      this.#refused = { cursor: key, readAgain: false };
      throw offsetUnknown(refusal.message, refusal);
    }
    throw new TrawlError('OFFSET_REFUSED_AGAIN', `The source refused the same cursor again: ${refusal.message}`, {
      hint: 'Stored events are kept. Ask the vendor, or reset the checkpoint to read everything again.',
      cause: refusal,
    });
  }

  #refusal(answer: HttpAnswer): TrawlError {
    const error = statusError(answer, this.place, 'the request for a page', {
      400: 'Check SKYFLOW_ACCOUNT_ID, SEARCH_COUNT and the filters (SKYFLOW_FILTER_…).',
      401: this.#tokens.refusedHint,
      403: 'Give the API key or the service account a role that may read the audit log.',
      404: 'Check SKYFLOW_ACCOUNT_ID and SKYFLOW_VAULT_URL.',
    });
    if (answer.status !== 401 || !this.#settings.skyflowApiKey) return error;
    return new TrawlError('CREDENTIALS_REFUSED', error.message, { hint: error.hint });
  }

  /** A token can expire at any time, so a refused one is replaced once, if it can be. */
  async #get(cursor: Cursor | null, spent: Spent, signal?: AbortSignal): Promise<HttpAnswer> {
    const filters = filterParameters(this.#settings);
    const url = `${this.place}?${queryOf(this.#settings.skyflowAccountId, filters, cursor, this.#size.current)}`;
    const count = () => {
      spent.requests += 1;
    };
    for (let renewed = false; ; renewed = true) {
      const token = await this.#tokens.get(count, signal);
      const headers = { authorization: `Bearer ${token.reveal()}`, accept: 'application/json' };
      count();
      const answer = await this.#http.request({ method: 'GET', url, headers, signal });
      if (answer.status !== 401) return answer;
      const another = await this.#tokens.drop(token);
      if (renewed || !another) return answer;
    }
  }
}

/** The time of a page's request, by the source's clock if known. The page has everything that had appeared by then. */
function askedMsByTheirs({ headers }: HttpAnswer, askedMs: number, tookMs: number): number {
  const answeredMs = Date.parse(headers.date?.[0] ?? '');
  return Number.isFinite(answeredMs) ? answeredMs - tookMs : askedMs;
}

/** The time of a cursor; if it has none, that of the page's last event. */
function timeMs({ timestamp }: Cursor, { events }: SkyflowPageContent): number {
  // A cursor without any time counts as old; otherwise an ever growing stretch would be read again forever.
  return epochMs(timestamp) ?? epochMs(events.at(-1)?.timestamp ?? '') ?? Number.NEGATIVE_INFINITY;
}

function ledBack({ timestamp, changeID }: Cursor): string {
  return `STUCK: nextOps leads back to ${JSON.stringify(timestamp)}, changeID ${JSON.stringify(changeID)}, which this walk has read already: later events are not reached; ask the vendor`;
}

function offsetUnknown(reason: string, cause?: unknown): TrawlError {
  return new TrawlError('OFFSET_UNKNOWN', `The source does not know the offset of the checkpoint: ${reason}`, {
    hint: 'Everything that it still holds is read again; events that are already stored are not stored twice.',
    cause,
  });
}
