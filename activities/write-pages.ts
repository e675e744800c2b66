import type { Source } from '../src/sources/source.js';
import { removedAtOnce } from '../src/stores/in-steps.js';
import type { PageToWrite, PageWritten } from '../src/stores/store.js';
import { traced } from '../src/tracing/spans.js';
import type { Context } from './context.js';
import { rowsOfPage } from './page-rows.js';
import type { PageRef, PagesInput, PagesWritten } from './types.js';

/**
 * Writes staged pages, each in one transaction with its checkpoint and execution-log line (S20, S21, S30, S31, U12,
 * U13, U20). The rows come from `enrichPages`. A retry skips pages that are already committed.
 */
export async function writePages(context: Context, { collector, pages }: PagesInput): Promise<PagesWritten> {
  const { store, cache } = context;
  const source = await context.collectors.source(collector);
  const result: PagesWritten = { pages: 0, newEvents: 0, rejected: 0, superseded: false, note: '', newest: null };
  for (const [index, ref] of pages.entries()) {
    const written =
      (await store.committedPage(ref.key)) ??
      (await writePage(context, source, { collector, ref, followed: index < pages.length - 1 }));
    if (written.outcome === 'superseded') {
      const left = pages.slice(index).map(({ key }) => key);
      for (const key of left) cache.delete(key);
      await store.dropStagedPages(left);
      result.superseded = true;
      break;
    }
    cache.delete(ref.key);
    result.pages += 1;
    result.newEvents += written.newEvents;
    result.rejected += ref.rejected;
    result.note = written.note;
  }
  // Goes on with a clearing that nobody has brought to its end.
  await store.removeCleared(collector, removedAtOnce);
  const { newestTimestamp } = await store.checkpoint(collector);
  result.newest = newestTimestamp?.slice(0, 19) ?? null;
  return result;
}

async function writePage(
  context: Context,
  source: Source,
  { collector, ref, followed }: { collector: string; ref: PageRef; followed: boolean },
): Promise<PageWritten> {
  const { store, observer } = context;
  const { rows, content } = await rowsOfPage(context, source, { collector, key: ref.key });
  observer?.events(collector, source.kind, rows);
  const page: PageToWrite = {
    key: ref.key,
    collector,
    offset: ref.offset,
    generation: ref.generation,
    nextOffset: ref.nextOffset,
    more: ref.more,
    events: rows,
    rejected: content.rejected,
    relatedObjects: content.relatedObjects,
    digest: content.digest,
    followed,
    ...(ref.gap ? { gap: ref.gap } : {}),
    ...(ref.warning ? { warning: ref.warning } : {}),
    ...(ref.notCaughtUp ? { notCaughtUp: ref.notCaughtUp } : {}),
  };
  return traced(
    'store.writePage',
    { 'trawl.collector': collector, 'trawl.events': rows.length },
    async (addAttributes) => {
      const written = await store.writePage(page);
      addAttributes({ 'trawl.new_events': written.newEvents, 'trawl.outcome': written.outcome });
      return written;
    },
  );
}
