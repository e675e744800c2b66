import type { Checkpoint, EnrichedEvent, RetentionGap } from '../../domain.js';
import type { JournalEntry } from '../../proof/entry-schema.js';
import { eventLeaf } from '../../proof/event-leaf.js';
import { journalText, rangeText, textsDigest } from '../../proof/journal.js';
import { checkpointOf } from './checkpoints.js';
import type { Dialect } from './dialect.js';
import { type Recorded, recordEntries, recordFacts } from './proof.js';
import { pageTexts, provenEvent } from './proven-rows.js';
import { plainText, type Steps } from './steps.js';

/** A page that is being committed. */
interface CommittedPage {
  collector: string;
  isLight: boolean;
  /** As it was before the page. */
  checkpoint: Checkpoint;
  /** The row of the ledger. */
  row: LedgerRow;
  /** Other journal entries of this page. */
  facts: readonly JournalEntry[];
  /** The new events. */
  events: readonly EnrichedEvent[];
}

interface LedgerRow {
  number: number;
  key: string;
  offset: string;
  generation: number;
  events: number;
  new_events: number;
  rejected: number;
  digest: string;
  note: string;
  committed_at: string;
}

/**
 * Adds a page and its new events to the proof. While the proof lacks earlier ones, the page is left to `takeOver`: so all
 * are there in their order.
 */
export function* provePage(dialect: Dialect, page: CommittedPage): Steps<void> {
  const { collector, isLight, checkpoint, row, facts, events } = page;
  const now = row.committed_at;
  yield* recordFacts(dialect, { collector, now, isLight }, (proof) => {
    for (const entry of facts) proof.note(entry);
    if (proof.events.size !== checkpoint.lastSeq || proof.pages !== checkpoint.pages) return undefined;
    for (const [index, event] of events.entries())
      proof.events.append(eventLeaf(collector, provenEvent(event, checkpoint.lastSeq + index + 1, now)));
    proof.pages = row.number;
    proof.note({
      ...{ kind: 'page', at: now, page: row.number, generation: row.generation },
      ...{ events: row.events, new: row.new_events, rejected: row.rejected },
      seqs: rangeText(checkpoint.lastSeq + 1, checkpoint.lastSeq + row.new_events),
      digest: row.digest,
      texts: pageTexts(row),
      ...proof.head(),
    });
    return undefined;
  });
}

export function gapEntry({ from, to }: RetentionGap, now: string): JournalEntry {
  return { kind: 'gap', at: now, from: journalText(plainText(from)), to: journalText(plainText(to)) };
}

/** Records that reading begins again, after the checkpoint was moved. */
export function* recordReset(dialect: Dialect, where: Recorded, why: string): Steps<void> {
  const { generation, lastOffset } = yield* checkpointOf(where.collector);
  const to = textsDigest(lastOffset);
  yield* recordEntries(dialect, where, [{ kind: 'reset', at: where.now, generation, to, why: journalText(why) }]);
}
