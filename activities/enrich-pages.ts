import type { PageContent } from '../src/sources/source.js';
import type { Context } from './context.js';
import { rowsOfPage } from './page-rows.js';
import type { PagesInput } from './types.js';

/**
 * Enriches staged pages: S30 with S32 to S37 for each event. It is a separate step, as in the article, so that the
 * Temporal UI shows its failures and its duration. `writePages` takes the rows from this worker's memory, and none of
 * them pass through Temporal: if another worker writes, or the memory was full, the rows are computed again.
 *
 * @throws TrawlError STAGED_PAGE_GONE if a page is no longer staged; the walk then starts again.
 */
export async function enrichPages(
  context: Pick<Context, 'store' | 'collectors' | 'cache'>,
  { collector, pages }: PagesInput,
): Promise<{ events: number }> {
  const source = await context.collectors.source(collector);
  let events = 0;
  const before: PageContent[] = [];
  for (const { key } of pages) {
    const { rows, content } = await rowsOfPage(context, source, { collector, key }, before);
    events += rows.length;
    before.unshift(content);
  }
  return { events };
}
