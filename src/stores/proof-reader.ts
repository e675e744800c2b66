import type { WrittenObject } from '../batch.js';
import type { RetentionGap } from '../domain.js';
import type { ProvenEvent } from '../proof/event-leaf.js';
import type { Tile } from '../proof/tree.js';
import type { LedgerPage } from './ledger-page.js';

/**
 * The proof of completeness: what a collector has stored, and why, in two Merkle trees.
 *
 * Entry i of the tree of events is the event with the sequence number i + 1. Entry i of the tree of the journal is row
 * i + 1 of `proof_journal`. Both grow in the transaction of the fact, from tiles that are read inside it: neither a
 * rollback nor another worker can make them disagree with the tables. `verifyCollector` recomputes them.
 */
export type ProofLog = 'events' | 'journal';

/** How many events, entries of the journal and pages the proof of a collector covers. */
export interface ProofSizes {
  events: number;
  entries: number;
  pages: number;
}

/** The same, and what the checkpoint says, from one moment. */
export interface ProofState extends ProofSizes {
  lastSeq: number;
  lastPage: number;
  /** Identity of the store in which the proof began; empty if there is none. */
  store: string;
  /** The newest signed heads; null if there are none. */
  eventsNote: string | null;
  journalNote: string | null;
}

/** A stored event, with the number that sorts and filters it. */
export type ProvenRow = ProvenEvent & { timeNs: string };

/** A row of the ledger, with what tells attempts apart. */
export type ProvenPage = LedgerPage & { key: string };

/** A row of `rejected_events`. */
export interface ProvenReject {
  digest: string;
  content: string;
  at: string;
}

/** The lowest numbers of rows that are beyond the last one, or below the first; null if there are none. */
export interface Strays {
  seq: number | null;
  page: number | null;
  entry: number | null;
}

/** The objects of a batch. */
export interface ListedObjects {
  sink: string;
  objects: WrittenObject[];
}

/** Reads what a proof is about, for `verifyCollector`. Nothing is locked: collecting goes on. */
export interface ProofReader {
  state(collector: string): Promise<ProofState>;
  /** Entries of the journal after a number, in order. */
  entries(collector: string, after: number, limit: number): Promise<{ number: number; entry: string }[]>;
  /** Tiles of a level whose numbers are from `from` to `to`. */
  tiles(collector: string, log: ProofLog, level: number, numbers: { from: number; to: number }): Promise<Tile[]>;
  /** Events that are not cleared, in order. */
  rows(collector: string, range: { afterSeq: number; upToSeq: number; limit: number }): Promise<ProvenRow[]>;
  /** Rows of the ledger, in order. */
  pages(collector: string, afterPage: number, upToPage: number): Promise<ProvenPage[]>;
  /** Rejected events and answers, in the order of their digests. */
  rejects(collector: string, afterDigest: string, limit: number): Promise<ProvenReject[]>;
  /** What the manifest lists of confirmed batches. */
  listedObjects(collector: string): Promise<ListedObjects[]>;
  gaps(collector: string): Promise<(RetentionGap & { at: string })[]>;
  strays(collector: string): Promise<Strays>;
}
