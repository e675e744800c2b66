import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it } from 'vitest';
import type { Context } from '../../activities/context.js';
import { fetchPages } from '../../activities/fetch-pages.js';
import { PageCache } from '../../activities/page-cache.js';
import type { FetchedPages } from '../../activities/types.js';
import { TrawlError } from '../../src/errors.js';
import type { FetchedPage } from '../../src/sources/source.js';
import { quietTemporal } from '../support/quiet.js';

const event = { id: 'e', timestamp: '', timeNs: 0n, rawEvent: '', extra: null, details: {} };

const page = (nextOffset: string, events = 1): FetchedPage => ({
  body: new Uint8Array(),
  content: {
    events: Array.from({ length: events }, () => event),
    rejected: [],
    relatedObjects: [],
    lookup: () => undefined,
    digest: nextOffset,
  },
  nextOffset,
  more: true,
  pauseMs: 0,
  requests: 1,
});

/** Runs a round with these answers, each a page or the error of its request. */
async function round(answers: (FetchedPage | TrawlError)[], emptyBefore = 0): Promise<FetchedPages> {
  quietTemporal();
  const client = {
    async fetchPage() {
      const answer = answers.shift()!;
      if (answer instanceof TrawlError) throw answer;
      return answer;
    },
  };
  const store = { stagePage: async () => undefined, checkpoint: async () => ({ generation: 0 }) };
  const collectors = { open: async () => ({ source: {}, client }) };
  const input = { collector: 'asa', from: { offset: '', generation: 0 }, knownDigest: '', emptyBefore };
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

describe('empty pages that are followed by others', () => {
  const empty = (count: number, from = 0) => Array.from({ length: count }, (_, nth) => page(`${from + nth + 1}`, 0));

  it('are written as one, before the page behind them', async () => {
    const { pages, emptyPages } = await round([page('0'), ...empty(19), page('end'), failed()]);
    expect(pages.map(({ offset, nextOffset, events }) => [offset, nextOffset, events])).toEqual([
      ['', '0', 1],
      ['0', '19', 0],
      ['19', 'end', 1],
    ]);
    expect(pages.map(({ notCaughtUp }) => notCaughtUp)).toEqual([undefined, undefined, undefined]);
    expect(emptyPages).toBeUndefined();
  });

  it('end the run after twenty in a row, at the offset behind the last', async () => {
    const { pages, more, nextOffset } = await round(empty(30));
    expect(pages).toMatchObject([{ offset: '', nextOffset: '20', notCaughtUp: '20 empty pages, more ahead' }]);
    expect({ more, nextOffset }).toEqual({ more: false, nextOffset: '20' });
  });

  it('end the run with that note, also if the last of them is large', async () => {
    const large = { ...page('20', 0), body: new Uint8Array(100_000) };
    const { pages } = await round([...empty(19), large]);
    expect(pages.at(-1)).toMatchObject({ nextOffset: '20', notCaughtUp: '20 empty pages, more ahead' });
  });

  it('count across rounds', async () => {
    const first = await round([...empty(15), failed(1_000)]);
    expect(first).toMatchObject({ more: true, emptyPages: 15, pauseMs: 1_000, pages: [{ nextOffset: '15' }] });
    const second = await round(empty(30, 15), first.emptyPages);
    expect(second).toMatchObject({ more: false, pages: [{ nextOffset: '20', notCaughtUp: expect.anything() }] });
  });

  it('lead nowhere: the run ends with a page that says so', async () => {
    const back = { ...page('', 0), more: false, leadsBack: true, warning: 'STUCK' };
    const { pages, more } = await round([...empty(3), { ...back, nextOffset: '3' }]);
    expect(pages).toMatchObject(
      [{ nextOffset: '3' }, { offset: '3', nextOffset: '3', notCaughtUp: /leads back/ }].map(
        ({ notCaughtUp, ...ref }) => (notCaughtUp ? { ...ref, notCaughtUp: expect.stringMatching(notCaughtUp) } : ref),
      ),
    );
    expect(more).toBe(false);
  });
});
