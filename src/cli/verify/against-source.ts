import { setTimeout as sleep } from 'node:timers/promises';
import type { EnrichedEvent } from '../../domain.js';
import { TrawlError } from '../../errors.js';
import { answerBounds, HttpClient } from '../../http/client.js';
import { openSource } from '../../sources/open.js';
import { sources } from '../../sources/registry.js';
import type { FetchedPage, SourceClient, SourceEvent } from '../../sources/source.js';
import type { Comparison } from '../../stores/comparison.js';
import type { Store } from '../../stores/store.js';
import { epochNanoseconds } from '../../timestamp.js';
import type { Context } from '../context.js';

/** How a source's events compare with the stored ones. */
export interface ComparedSource extends Comparison {
  /** The first that are missing or changed, in words; at most some. */
  examples: string[];
  pages: number;
}

const examplesMax = 20;

const noColumns = {
  ...{ type: '', actor: '', user: '', client: '', gateway: '', group: '', project: '', hostname: '' },
  ...{ server: '', fromAddr: '' },
};

/**
 * Reads everything that the source still holds, from its start, and compares it with the store. The checkpoint stays where it
 * is, and collecting may go on. Keeps to the request limit of the source. The outcome becomes an entry of the journal.
 *
 * @throws TrawlError as the source does; nothing is recorded then
 */
export async function comparedSource(
  context: Context,
  store: Store,
  collector: string,
  progress: (events: number) => void,
): Promise<ComparedSource> {
  const settings = await context.collectorSettings(store, collector);
  const source = sources.find(({ kind }) => kind === settings.source)!;
  const { env, tuning } = context.settings;
  const http = new HttpClient(answerBounds(tuning.answerSeconds), env);
  context.onClose(() => http.close());
  const client = openSource(source, settings, http);
  const [standing] = (await store.standings()).filter((one) => one.collector === collector);
  const newestNs = standing?.newestTimestamp ? (epochNanoseconds(standing.newestTimestamp) ?? 0n) : 0n;
  const found: ComparedSource = { same: 0, gone: 0, changed: 0, missing: 0, notDue: 0, examples: [], pages: 0 };
  /** Not stored when their page was read: they may be by the end, since collecting goes on. */
  const late: SourceEvent[] = [];
  const reserve = source.requestLimit;
  for await (const { content } of pagesOf(client, async () =>
    reserve ? store.reserveRequest(client.place, reserve) : 0,
  )) {
    found.pages += 1;
    late.push(...(await counted(store, collector, content.events, found)));
    progress(found.same + found.gone + found.changed + late.length);
  }
  for (const event of await counted(store, collector, late, found)) {
    if (event.timeNs > newestNs) found.notDue += 1;
    else {
      found.missing += 1;
      noteExample(found, `The event ${event.id} of ${event.timestamp} is not stored.`);
    }
  }
  await store.noteComparison(collector, found);
  return found;
}

/** Counts what the store has of these events. @returns those that it lacks */
async function counted(
  store: Store,
  collector: string,
  events: readonly SourceEvent[],
  found: ComparedSource,
): Promise<SourceEvent[]> {
  if (events.length === 0) return [];
  const rows = events.map((event): EnrichedEvent => ({ ...noColumns, ...event }));
  const compared = await store.compare(collector, rows);
  return events.filter((event, index) => {
    const outcome = compared[index]!;
    if (outcome === 'missing') return true;
    found[outcome] += 1;
    if (outcome === 'changed')
      noteExample(
        found,
        `The source has the event ${event.id} of ${event.timestamp} with other content than the store.`,
      );
    return false;
  });
}

function noteExample({ examples }: ComparedSource, text: string): void {
  if (examples.length < examplesMax) examples.push(text);
}

/** All pages from the start of the source. */
async function* pagesOf(client: SourceClient, waitMs: () => Promise<number>): AsyncGenerator<FetchedPage> {
  const seen = new Set<string>();
  for (let offset = ''; ; ) {
    for (let wait = await waitMs(); wait > 0; wait = await waitMs()) await sleep(wait);
    const page = await fetched(client, offset);
    yield page;
    if (!page.more) return;
    if (page.leadsBack || seen.has(page.nextOffset))
      throw new TrawlError('ANSWER_UNREADABLE', 'The source leads back to a page that was read already.', {
        hint: 'Nothing was compared to its end. Ask the vendor, and check any proxy in between.',
      });
    seen.add(page.nextOffset);
    offset = page.nextOffset;
    if (page.pauseMs > 0) await sleep(page.pauseMs);
  }
}

const attemptsMax = 5;

/** Tries again where that can help, as a walk does. */
async function fetched(client: SourceClient, offset: string): Promise<FetchedPage> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await client.fetchPage(offset);
    } catch (error) {
      if (!(error instanceof TrawlError) || !error.retry || attempt === attemptsMax) throw error;
      await sleep(error.retryAfterMs ?? 1_000 * 2 ** attempt);
    }
  }
}
