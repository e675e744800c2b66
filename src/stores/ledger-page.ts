import type { Offset } from '../domain.js';

/** A row of the ledger (`audit_pages`). */
export interface LedgerPage {
  number: number;
  offset: Offset;
  generation: number;
  events: number;
  newEvents: number;
  rejected: number;
  /** Sequence numbers of the new events; null if there are none. */
  firstSeq: number | null;
  lastSeq: number | null;
  digest: string;
  note: string;
  committedAt: string;
}
