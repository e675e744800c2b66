import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it } from 'vitest';
import type { Context } from '../../activities/context.js';
import { fetchPages } from '../../activities/fetch-pages.js';
import { PageCache } from '../../activities/page-cache.js';
import type { FetchedPages } from '../../activities/types.js';
import { TrawlError } from '../../src/errors.js';
import type { FetchedPage } from '../../src/sources/source.js';
import { quietTemporal } from '../support/quiet.js';

const page = (nextOffset: string): FetchedPage => ({
  body: new Uint8Array(),
  content: { events: [], rejected: [], relatedObjects: [], lookup: () => undefined, digest: nextOffset },
  nextOffset,
  more: true,
  pauseMs: 0,
  requests: 1,
});

/** Runs a round with these answers, each a page or the error of its request. */
async function round(answers: (FetchedPage | TrawlError)[]): Promise<FetchedPages> {
  quietTemporal();
  const client = {
    async fetchPage() {
      const answer = answers.shift()!;
      if (answer instanceof TrawlError) throw answer;
      return answer;
    },
  };
  const store = { stagePage: async () => undefined };
  const collectors = { open: async () => ({ source: {}, client }) };
  const input = { collector: 'asa', from: { offset: '', generation: 0 }, knownDigest: '' };
  const limits = { pagesMax: 20, eventsMax: 4_000, bytesMax: 1e6, durationMaxMs: 60_000 };
  return (await new MockActivityEnvironment().run(() =>
    fetchPages({ store, collectors, cache: new PageCache() } as unknown as Context, { ...input, ...limits }),
  )) as FetchedPages;
}

const failed = (retryAfterMs?: number) =>
  new TrawlError('RATE_LIMITED', 'It answered 429.', { hint: 'It is tried again.', retryAfterMs });

describe('a round that meets an error after its first page', () => {
  it('returns the pages read, and makes no request for as long as the source asks', async () => {
    const { pages, nextOffset, more, pauseMs } = await round([page('a'), page('b'), failed(5_000)]);
    expect(pages.map((ref) => ref.nextOffset)).toEqual(['a', 'b']);
    expect({ nextOffset, more, pauseMs }).toEqual({ nextOffset: 'b', more: true, pauseMs: 5_000 });
  });

  it('continues at once if no wait is requested, and waits when the error returns', async () => {
    expect((await round([page('a'), failed()])).pauseMs).toBe(0);
  });

  it('fails if it has read nothing', async () => {
    await expect(round([failed(5_000)])).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  });
});
