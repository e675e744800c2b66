import { eventLeaf, goneLeaf } from '../../proof/event-leaf.js';
import { rangeText } from '../../proof/journal.js';
import type { Tree } from '../../proof/tree.js';
import { lockedCheckpoint, proofIsBehind } from './checkpoints.js';
import type { Dialect } from './dialect.js';
import { recordFacts } from './proof.js';
import { ledgerDigest, provenPages, provenRows } from './proven-rows.js';
import { first, type Steps } from './steps.js';

/** Events read at once: their texts can be long. */
const readRows = 500;

/**
 * See `Store.takeOver`. Pages are left to this while the proof lacks earlier ones, which a worker of an earlier version
 * has written: so the proof has all events and pages in their order.
 */
export function* takeOver(dialect: Dialect, collector: string, eventsMax: number, now: string): Steps<boolean> {
  const checkpoint = yield* lockedCheckpoint(dialect, collector);
  if (!checkpoint || !(yield* lacksSomething(collector))) return false;
  let isMore = false;
  yield* recordFacts(dialect, { collector, now }, function* (proof) {
    const { events: tree, pages } = proof;
    // A proof that is ahead of its store is no proof of it, and `trawl verify` says so.
    if (tree.size > checkpoint.lastSeq || pages > checkpoint.pages) return;
    const before = tree.size;
    const upToSeq = Math.min(checkpoint.lastSeq, before + eventsMax);
    const upToPage = Math.min(checkpoint.pages, pages + eventsMax);
    const gone = yield* takeOverEvents(collector, tree, upToSeq);
    proof.note({
      kind: 'takeover',
      at: now,
      seqs: rangeText(before + 1, upToSeq),
      gone,
      pages: rangeText(pages + 1, upToPage),
      ledger: ledgerDigest(yield* provenPages(collector, pages, upToPage)),
      ...proof.head(),
    });
    proof.pages = upToPage;
    isMore = upToSeq < checkpoint.lastSeq || upToPage < checkpoint.pages;
  });
  return isMore;
}

/** Without a lock, so that it can be asked often. */
export function* lacksSomething(collector: string): Steps<boolean> {
  const sql = `SELECT 1 FROM audit_checkpoints AS c WHERE c.collector = $1 AND ${proofIsBehind('c')}`;
  return (yield* first(sql, collector)) !== undefined;
}

/** @returns the number of events that are no longer stored */
function* takeOverEvents(collector: string, tree: Tree, upToSeq: number): Steps<number> {
  let gone = 0;
  const skipTo = (seq: number) => {
    for (; tree.size < seq; gone += 1) tree.append(goneLeaf(collector, tree.size + 1));
  };
  for (;;) {
    const rows = yield* provenRows(collector, { afterSeq: tree.size, upToSeq, limit: readRows });
    for (const row of rows) {
      skipTo(row.seq - 1);
      tree.append(eventLeaf(collector, row));
    }
    if (rows.length < readRows) break;
  }
  skipTo(upToSeq);
  return gone;
}
