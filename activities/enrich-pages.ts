import { answerRoom } from '../src/answer-room.js';
import type { PageContent } from '../src/sources/source.js';
import type { Context } from './context.js';
import { rowsOfPage, stagedPageGone } from './page-rows.js';
import type { PagesInput } from './types.js';

/**
 * Enriches staged pages: S30 with S32 to S37 for each event. It is a separate step, as in the article, so that the
 * Temporal UI shows its failures and its duration. `writePages` takes the rows from this worker's memory, and none of
 * them pass through Temporal: if another worker writes, or the memory was full, the rows are computed again.
 *
 * Only pages that follow each other from the checkpoint on are enriched: rows depend on the pages before. `writePages`
 * computes those of any other page, which the input may name in any order.
 *
 * @throws TrawlError STAGED_PAGE_GONE if a page is no longer staged; the walk then starts again.
 */
export function enrichPages(
  context: Pick<Context, 'store' | 'collectors' | 'cache'>,
  input: PagesInput,
): Promise<{ events: number }> {
  return answerRoom.holding(() => enriched(context, input));
}

async function enriched(
  context: Pick<Context, 'store' | 'collectors' | 'cache'>,
  { collector, pages }: PagesInput,
): Promise<{ events: number }> {
  const source = await context.collectors.source(collector);
  const staged = await context.store.stagedFacts(
    collector,
    pages.map(({ key }) => key),
  );
  const { lastOffset, generation } = await context.store.checkpoint(collector);
  let events = 0;
  let next = lastOffset;
  const before: PageContent[] = [];
  for (const { key } of pages) {
    const facts = staged.get(key);
    if (!facts) throw stagedPageGone();
    if (facts.offset !== next || facts.generation !== generation) break;
    next = facts.nextOffset;
    const { rows, content } = await rowsOfPage(context, source, { collector, key }, before);
    events += rows.length;
    before.unshift(content);
  }
  return { events };
}
