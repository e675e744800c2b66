import { isDeepStrictEqual } from 'node:util';
import { answerRoom } from '../src/answer-room.js';
import type { Source } from '../src/sources/source.js';
import { removedAtOnce, takenOverAtOnce } from '../src/stores/in-steps.js';
import { plainText } from '../src/stores/sql/steps.js';
import type { PageFacts, PageToWrite, PageWritten } from '../src/stores/store.js';
import { epochNanoseconds, utcText } from '../src/timestamp.js';
import { traced } from '../src/tracing/spans.js';
import type { Context } from './context.js';
import { rowsOfPage, stagedPageGone } from './page-rows.js';
import { forgedInput } from './refused.js';
import type { PageRef, PagesInput, PagesWritten } from './types.js';

/**
 * Writes staged pages, each in one transaction with its checkpoint and execution-log line (S20, S21, S30, S31, U12,
 * U13, U20). The rows come from `enrichPages`. A retry skips pages that are already committed.
 *
 * What moves the checkpoint comes from the staged page alone. The input may come from anyone who can reach Temporal: it
 * only says which pages to write, and must agree with what is staged.
 *
 * @throws TrawlError STAGED_PAGE_GONE if a page is no longer staged, or was staged by a worker of an earlier version; the
 *   walk then starts again. INPUT_INVALID if the input says something else than what is staged; not retried.
 */
export async function writePages(context: Context, { collector, pages }: PagesInput): Promise<PagesWritten> {
  const { store, cache } = context;
  // Pages are left out of the proof of completeness while it lacks earlier ones.
  await store.takeOver(collector, takenOverAtOnce);
  const source = await context.collectors.source(collector);
  const staged = await store.stagedFacts(
    collector,
    pages.map(({ key }) => key),
  );
  const result: PagesWritten = { pages: 0, newEvents: 0, rejected: 0, superseded: false, note: '', newest: null };
  for (const [index, ref] of pages.entries()) {
    const facts = staged.get(ref.key);
    const next = staged.get(pages[index + 1]?.key ?? '');
    const followed = next !== undefined && next.offset === facts?.nextOffset && next.generation === facts.generation;
    const written: PageWritten & { reachedNs?: bigint | undefined } =
      (await store.committedPage(collector, ref.key)) ??
      (await answerRoom.holding(() =>
        writePage(context, source, { collector, key: ref.key, facts: agreedFacts(ref, facts), followed }),
      ));
    if (written.outcome === 'superseded') {
      const left = pages.slice(index).map(({ key }) => key);
      for (const key of left) cache.delete(key);
      await store.dropStagedPages(collector, left);
      result.superseded = true;
      break;
    }
    cache.delete(ref.key);
    result.pages += 1;
    result.newEvents += written.newEvents;
    result.rejected += ref.rejected;
    result.note = written.note;
    if (written.reachedNs !== undefined) result.reached = inSeconds(written.reachedNs);
  }
  // Goes on with a clearing that nobody has brought to its end.
  await store.removeCleared(collector, removedAtOnce);
  const { newestTimestamp } = await store.checkpoint(collector);
  // The source may have written it with the offset of another zone.
  const newestNs = newestTimestamp === null ? null : epochNanoseconds(newestTimestamp);
  result.newest = newestNs === null ? null : inSeconds(newestNs);
  return result;
}

/** In UTC, without the zone: workflows of earlier versions add it. */
function inSeconds(ns: bigint): string {
  return utcText(ns, 0).slice(0, 19);
}

function agreedFacts(ref: PageRef, staged: PageFacts | undefined): PageFacts {
  if (!staged) throw stagedPageGone();
  const names = ['offset', 'nextOffset', 'generation', 'more', 'gap', 'warning', 'notCaughtUp'] as const;
  const differing = names.filter((name) => !isDeepStrictEqual(plain(ref[name]), plain(staged[name])));
  if (differing.length === 0) return staged;
  throw forgedInput(
    `The input of the activity writePages says something else than the page that was read (${differing.join(', ')}). Nothing of that page was written.`,
  );
}

/** A fact as a store keeps it. */
function plain(fact: PageFacts[keyof PageFacts]): unknown {
  if (typeof fact === 'string') return plainText(fact);
  return typeof fact === 'object' ? { from: plainText(fact.from), to: plainText(fact.to) } : fact;
}

async function writePage(
  context: Context,
  source: Source,
  { collector, key, facts, followed }: { collector: string; key: string; facts: PageFacts; followed: boolean },
): Promise<PageWritten & { reachedNs?: bigint | undefined }> {
  const { store, observer } = context;
  const { rows, content } = await rowsOfPage(context, source, { collector, key });
  observer?.events(collector, source.kind, rows);
  const page: PageToWrite = {
    ...facts,
    key,
    collector,
    events: rows,
    rejected: content.rejected,
    relatedObjects: content.relatedObjects,
    digest: content.digest,
    followed,
  };
  return traced(
    'store.writePage',
    { 'trawl.collector': collector, 'trawl.events': rows.length },
    async (addAttributes) => {
      const written = await store.writePage(page);
      addAttributes({ 'trawl.new_events': written.newEvents, 'trawl.outcome': written.outcome });
      return { ...written, reachedNs: rows.at(-1)?.timeNs };
    },
  );
}
