import type { EnrichedEvent } from '../../domain.js';
import type { Compared, Comparison } from '../comparison.js';
import { saysSomethingElse } from '../page-notes.js';
import type { Dialect } from './dialect.js';
import { recordEntries } from './proof.js';
import type { Steps } from './steps.js';
import { contentOf, knownContents } from './write-page.js';

/** See `Store.compare`. The rule for what counts as changed is that of a page that is written. */
export function* compare(dialect: Dialect, collector: string, events: readonly EnrichedEvent[]): Steps<Compared[]> {
  const pageEvents = dialect.pageEvents(collector, events);
  const known = yield* knownContents({ collector, events }, pageEvents);
  return events.map((event, index) => {
    const stored = known.get(pageEvents.keys[index]!);
    if (stored === undefined) return 'missing';
    if (stored === 'gone') return 'gone';
    return saysSomethingElse(contentOf(stored), contentOf(event)) ? 'changed' : 'same';
  });
}

/** See `Store.noteComparison`. */
export function* noteComparison(
  dialect: Dialect,
  collector: string,
  { same, gone, changed, missing, notDue }: Comparison,
  now: string,
): Steps<void> {
  yield* recordEntries(dialect, { collector, now }, [
    { kind: 'compared', at: now, same, gone, changed, missing, notdue: notDue },
  ]);
}
