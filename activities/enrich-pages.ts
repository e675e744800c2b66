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
 * Only pages that follow each other from the checkpoint on are enriched: rows depend on the pages before. These are held
 * meanwhile, so that the pages end where they become too much. `writePages` computes the rows of any other page, which the
 * input may name in any number and order.
 *
 * @param heldMax memory that the pages may take together; bytes
 * @throws TrawlError STAGED_PAGE_GONE if a page is no longer staged; the walk then starts again.
 */
export function enrichPages(
  context: Pick<Context, 'store' | 'collectors' | 'cache'>,
  input: PagesInput,
  heldMax = answerRoom.bytesMax / 2,
): Promise<{ events: number }> {
  return answerRoom.holding(() => enriched(context, input, heldMax));
}

async function enriched(
  context: Pick<Context, 'store' | 'collectors' | 'cache'>,
  { collector, pages }: PagesInput,
  heldMax: number,
): Promise<{ events: number }> {
  const source = await context.collectors.source(collector);
  const staged = await context.store.stagedFacts(
    collector,
    pages.map(({ key }) => key),
  );
  const { lastOffset, generation } = await context.store.checkpoint(collector);
  let events = 0;
  let held = 0;
  let next = lastOffset;
  const before: PageContent[] = [];
  for (const { key } of pages) {
    const facts = staged.get(key);
    if (!facts) throw stagedPageGone();
    if (facts.offset !== next || facts.generation !== generation) break;
    next = facts.nextOffset;
    const { rows, content, weight } = await rowsOfPage(context, source, { collector, key }, before);
    events += rows.length;
    held += weight;
    if (held > heldMax) break;
    before.unshift(content);
  }
  return { events };
}
