import { randomUUID } from 'node:crypto';
import { activityInfo, cancellationSignal, log } from '@temporalio/activity';
import { TrawlError } from '../src/errors.js';
import type { FetchedPage } from '../src/sources/source.js';
import { UnreadableAnswer } from '../src/sources/unreadable.js';
import { traced } from '../src/tracing/spans.js';
import type { Context } from './context.js';
import type { FetchedPages, FetchPagesInput, PageRef } from './types.js';

/**
 * M10's request, from a position onwards: U01 and U00 (settings and token), the pages, and U11 (where the next page
 * begins). Each page is staged as it arrives, so that none of it passes through Temporal.
 *
 * Pages read before an error are returned; the error comes back with the next call, on its first page. So a failed
 * attempt has read nothing, and a retry begins where this one began.
 */
export async function fetchPages({ store, collectors, cache }: Context, input: FetchPagesInput): Promise<FetchedPages> {
  const { source, client } = await collectors.open(input.collector);
  const startedAt = Date.now();
  const result: FetchedPages = { pages: [], nextOffset: input.from.offset, more: true, pauseMs: 0, requests: 0 };
  let events = 0;
  let bytes = 0;
  for (;;) {
    const offset = result.nextOffset;
    const first = result.requests === 0;
    const waitMs = source.requestLimit ? await store.reserveRequest(client.place, source.requestLimit) : 0;
    if (waitMs > 0 && !first) return { ...result, pauseMs: waitMs };
    if (waitMs > 0) throw paced(waitMs);
    let page: FetchedPage;
    try {
      page = await client.fetchPage(offset, cancellationSignal());
    } catch (error) {
      if (error instanceof UnreadableAnswer)
        await store.keepAnswer(input.collector, offset, error.message, error.answer);
      if (first) throw error;
      log.warn('Handing on the pages read before an error', { collector: input.collector, pages: result.pages.length });
      const pauseMs = (error instanceof TrawlError ? error.retryAfterMs : undefined) ?? result.pauseMs;
      return { ...result, pauseMs };
    }
    result.requests += page.requests;
    result.more = page.more;
    result.pauseMs = page.more ? page.pauseMs : 0;
    if (page.warning) log.warn(page.warning, { collector: input.collector });
    const stays = !page.more && page.nextOffset === offset;
    if (stays && !page.warning && isUnchanged(page, first ? input.knownDigest : '')) return result;

    const ref: PageRef = {
      key: `${activityInfo().activityId}-${randomUUID()}`,
      offset,
      nextOffset: page.nextOffset,
      more: page.more,
      generation: input.from.generation,
      events: page.content.events.length,
      rejected: page.content.rejected.length,
      ...(page.gap ? { gap: page.gap } : {}),
      ...(page.warning ? { warning: page.warning } : {}),
    };
    const staged = { ...ref, collector: input.collector, body: page.body };
    await traced('store.stagePage', { 'trawl.collector': input.collector, 'trawl.bytes': page.body.byteLength }, () =>
      store.stagePage(staged),
    );
    cache.put(ref.key, { bodyBytes: page.body.byteLength, content: page.content });
    result.pages.push(ref);
    result.nextOffset = page.nextOffset;
    events += ref.events;
    bytes += page.body.byteLength;
    if (!page.more || result.pauseMs > 0) return result;
    const full = result.pages.length >= input.pagesMax || events >= input.eventsMax || bytes >= input.bytesMax;
    if (full || Date.now() - startedAt >= input.durationMaxMs) return result;
  }
}

function paced(waitMs: number): TrawlError {
  return new TrawlError('RATE_LIMITED', `The source allows no further request for ${Math.ceil(waitMs / 1000)} s.`, {
    hint: 'The walk then continues automatically.',
    retryAfterMs: waitMs,
  });
}

/** True if the last page, which would leave the checkpoint in place, is empty or the same as when it was last read. */
function isUnchanged({ content }: FetchedPage, knownDigest: string): boolean {
  return content.digest === knownDigest || content.events.length + content.rejected.length === 0;
}
