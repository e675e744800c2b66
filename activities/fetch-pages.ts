import { randomUUID } from 'node:crypto';
import { activityInfo, cancellationSignal, log } from '@temporalio/activity';
import { answerRoom, uncountedBytes } from '../src/answer-room.js';
import { leadsBack } from '../src/domain.js';
import { TrawlError } from '../src/errors.js';
import { emptyDurationMaxMs } from '../src/inputs/rounds.js';
import { heapWeight } from '../src/json-weight.js';
import type { FetchedPage } from '../src/sources/source.js';
import { UnreadableAnswer } from '../src/sources/unreadable.js';
import type { Store } from '../src/stores/store.js';
import { traced } from '../src/tracing/spans.js';
import type { OpenCollector } from './collectors.js';
import type { Context } from './context.js';
import { forgedInput } from './refused.js';
import { paced, requestWait } from './requests.js';
import type { FetchedPages, FetchPagesInput, PageRef } from './types.js';

/**
 * A run ends after this many empty pages in a row, and the next one goes on from there. Otherwise a source that always
 * has another page would keep one run busy for ever.
 */
const emptyPagesMax = 20;

/** Empty pages that are followed by others, read one after the other: they are staged and written as one page. */
interface Stretch {
  offset: string;
  last: FetchedPage;
}

/**
 * M10's request, from a position onwards: U01 and U00 (settings and token), the pages, and U11 (where the next page
 * begins). Each page is staged as it arrives, so that none of it passes through Temporal.
 *
 * If the only page has nothing new, the run has caught up: that is noted here (U20), where the source's answer is at
 * hand. A workflow's word for it would be that of anyone who can reach Temporal.
 *
 * Pages read before an error are returned; the error comes back with the next call, on its first page. So a failed
 * attempt has read nothing, and a retry begins where this one began.
 */
export async function fetchPages(context: Context, input: FetchPagesInput): Promise<FetchedPages> {
  const opened = await context.collectors.open(input.collector);
  const round = new Round(context, input);
  for (;;) {
    const done = await answerRoom.holding(() => nextPage(context, input, opened, round));
    if (done) return done;
  }
}

/** Adds the next page to the round. @returns the result if the round ends with it */
async function nextPage(
  context: Context,
  input: FetchPagesInput,
  opened: OpenCollector,
  round: Round,
): Promise<FetchedPages | undefined> {
  const { store } = context;
  const { result } = round;
  const offset = result.nextOffset;
  const first = result.requests === 0;
  const waitMs = await requestWait(store, opened);
  if (waitMs > 0 && !first) return round.end({ pauseMs: waitMs });
  if (waitMs > 0) throw paced(waitMs);
  let page: FetchedPage;
  try {
    page = await opened.client.fetchPage(offset, cancellationSignal());
  } catch (error) {
    if (error instanceof UnreadableAnswer) await store.keepAnswer(input.collector, offset, error.message, error.answer);
    if (first) throw error;
    log.warn('Handing on the pages read before an error', { collector: input.collector, pages: result.pages.length });
    const pauseMs = (error instanceof TrawlError ? error.retryAfterMs : undefined) ?? result.pauseMs;
    return round.end({ pauseMs });
  }
  if (page.warning) log.warn(page.warning, { collector: input.collector });
  const isKnown = first && hasNothingNew(page, input) && (await noteIdle(context, input, page));
  return (await round.take(page, isKnown)) ? round.end() : undefined;
}

/** The pages of one call, and what they amount to. */
class Round {
  readonly result: FetchedPages;
  readonly #context: Pick<Context, 'store' | 'cache'>;
  readonly #input: FetchPagesInput;
  readonly #startedAt = Date.now();
  #stretch: Stretch | undefined;
  #emptyPages: number;
  #events = 0;
  #bytes = 0;

  constructor(context: Pick<Context, 'store' | 'cache'>, input: FetchPagesInput) {
    this.#context = context;
    this.#input = input;
    this.#emptyPages = Math.min(input.emptyBefore ?? 0, emptyPagesMax - 1);
    this.result = { pages: [], nextOffset: input.from.offset, more: true, pauseMs: 0, requests: 0 };
  }

  /**
   * Adds the page at `nextOffset`. Returns true if the round ends with it.
   * @param isKnown true if there is nothing to write for it
   */
  async take(page: FetchedPage, isKnown: boolean): Promise<boolean> {
    const { result } = this;
    const offset = result.nextOffset;
    result.requests += page.requests;
    result.more = page.more;
    result.pauseMs = page.more ? page.pauseMs : 0;
    const isEmpty = page.more && eventsOf(page) === 0 && !page.gap && !page.warning;
    if (isEmpty) {
      this.#emptyPages += 1;
      this.#stretch = { offset: this.#stretch?.offset ?? offset, last: page };
      result.nextOffset = page.nextOffset;
      const isLast = this.#emptyPages >= emptyPagesMax;
      // A round does not hold a large answer while it waits for others.
      if (!isLast && page.body.byteLength > uncountedBytes) await this.#writeStretch();
      return isLast || result.pauseMs > 0 || this.#lasted(emptyDurationMaxMs);
    }
    await this.#writeStretch();
    this.#emptyPages = 0;
    if (isKnown) {
      result.noted = true;
      return true;
    }
    await this.#stage(offset, page, page.leadsBack ? leadsBack : undefined);
    result.nextOffset = page.nextOffset;
    if (!page.more || result.pauseMs > 0) return true;
    const { pagesMax, eventsMax, bytesMax, durationMaxMs } = this.#input;
    const full = result.pages.length >= pagesMax || this.#events >= eventsMax || this.#bytes >= bytesMax;
    return full || this.#lasted(durationMaxMs);
  }

  async end(change: Partial<FetchedPages> = {}): Promise<FetchedPages> {
    const emptyPages = this.#emptyPages;
    const ends = emptyPages >= emptyPagesMax;
    await this.#writeStretch(ends ? `${emptyPages} empty pages, more ahead` : undefined);
    return {
      ...this.result,
      ...change,
      ...(emptyPages > 0 ? { emptyPages } : {}),
      ...(ends ? { more: false, pauseMs: 0 } : {}),
    };
  }

  #lasted(ms: number): boolean {
    return Date.now() - this.#startedAt >= ms;
  }

  async #writeStretch(notCaughtUp?: string): Promise<void> {
    const stretch = this.#stretch;
    this.#stretch = undefined;
    if (stretch) await this.#stage(stretch.offset, stretch.last, notCaughtUp);
  }

  async #stage(offset: string, page: FetchedPage, notCaughtUp?: string): Promise<void> {
    const { store, cache } = this.#context;
    const { collector, from } = this.#input;
    if (this.result.pages.length === 0) await requireGeneration(store, collector, from.generation);
    const ref: PageRef = {
      key: `${activityInfo().activityId}-${randomUUID()}`,
      offset,
      nextOffset: page.nextOffset,
      more: page.more,
      generation: from.generation,
      events: page.content.events.length,
      rejected: page.content.rejected.length,
      ...(page.gap ? { gap: page.gap } : {}),
      ...(page.warning ? { warning: page.warning } : {}),
      ...(notCaughtUp ? { notCaughtUp } : {}),
    };
    const staged = { ...ref, collector, body: page.body };
    await traced('store.stagePage', { 'trawl.collector': collector, 'trawl.bytes': page.body.byteLength }, () =>
      store.stagePage(staged),
    );
    cache.put(ref.key, { bodyBytes: page.body.byteLength, weight: heapWeight(page.body), content: page.content });
    this.result.pages.push(ref);
    this.#events += ref.events;
    this.#bytes += page.body.byteLength;
  }
}

/** A page kept for a reset that is still to come would be written after it, although it was read before. */
async function requireGeneration(store: Store, collector: string, generation: number): Promise<void> {
  if (generation <= (await store.checkpoint(collector)).generation) return;
  throw forgedInput(`The checkpoint of ${collector} has never had the generation ${generation}.`);
}

/** True if a last page, which would leave the checkpoint in place, is empty or the same as when it was last read. */
function hasNothingNew(page: FetchedPage, { from, knownDigest }: FetchPagesInput): boolean {
  const stays = !page.more && page.nextOffset === from.offset;
  if (!stays || page.warning || page.gap || page.leadsBack) return false;
  return page.content.digest === knownDigest || eventsOf(page) === 0;
}

/** @returns false if the checkpoint is no longer at this page: then it is staged and written like any other. */
async function noteIdle({ store }: Context, { collector, from }: FetchPagesInput, page: FetchedPage): Promise<boolean> {
  const { workflowExecution, activityId } = activityInfo();
  const digest = eventsOf(page) === 0 ? null : page.content.digest;
  return store.logIdleRun(collector, `${workflowExecution?.runId}/${activityId}`, { ...from, digest });
}

/** Number of events on a page, including those that do not fit. */
function eventsOf({ content }: Pick<FetchedPage, 'content'>): number {
  return content.events.length + content.rejected.length;
}
