import type { LedgerPage } from '../ledger-page.js';
import { first, type Steps } from './steps.js';

const columns = `number, "offset", generation, events, new_events AS "newEvents", rejected, first_seq AS "firstSeq",
  last_seq AS "lastSeq", digest, note, committed_at AS "committedAt"`;

/**
 * See `Store.pageOf`. No index has the sequence numbers of the pages, but they grow with the pages' own numbers: the page
 * is found in as many steps as a binary search takes.
 */
export function* pageOf(collector: string, seq: number): Steps<LedgerPage | null> {
  const last = yield* first<{ number: number | null }>(
    'SELECT max(number) AS number FROM audit_pages WHERE collector = $1',
    collector,
  );
  let [from, to] = [1, last?.number ?? 0];
  while (from <= to) {
    const middle = Math.floor((from + to) / 2);
    // Pages without new events have no sequence numbers.
    const page = yield* first<LedgerPage & { firstSeq: number; lastSeq: number }>(
      `SELECT ${columns} FROM audit_pages
       WHERE collector = $1 AND number BETWEEN $2 AND $3 AND first_seq IS NOT NULL ORDER BY number LIMIT 1`,
      collector,
      middle,
      to,
    );
    if (page === undefined || seq < page.firstSeq) to = middle - 1;
    else if (seq > page.lastSeq) from = page.number + 1;
    else return page;
  }
  return null;
}
