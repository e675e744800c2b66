/** A head of the journal that lies outside of the store. */
export interface Anchor {
  /** Number of entries that it stands for, and of events. */
  size: number;
  events: number;
  /** RFC 3339. */
  at: string;
}

/** Where the proof of a collector stands, none of which a power cut can take back. */
export interface DurableProof {
  /** Identity of the store in which the proof began. */
  store: string;
  /** Counts the histories: one begins when a store that was set back is continued. */
  epoch: number;
  entries: number;
  events: number;
  /** The newest signed heads; null if there are none. */
  eventsNote: string | null;
  journalNote: string | null;
}

/** A head that a store lacks, since it was set back. */
export interface LostHead {
  size: number;
  /** Base64. */
  root: string;
}

/** Tracks which heads of the proof lie elsewhere, and whether the store is older than one of them. */
export interface AnchorLedger {
  /** True if this process signs heads. */
  readonly signs: boolean;
  /** The newest anchor of a collector at a place, such as a sink, in the epoch under way; null before the first. */
  last(collector: string, place: string): Promise<Anchor | null>;
  /** Makes everything that was written durable, and says where the proof stands. */
  settle(collector: string): Promise<DurableProof>;
  keep(collector: string, place: string, anchor: Anchor): Promise<void>;
  /** Whether this process may sign heads of a collector. It may, unless it has been told otherwise. */
  allowSigning(collector: string, isAllowed: boolean): void;
  /**
   * Notes that a place has heads that this store does not: from then on, nothing is signed, until `goOn`.
   * @param why a sentence
   */
  noteFork(collector: string, why: string): Promise<void>;
  /**
   * Begins a new epoch: an entry of the journal says that the store was set back, and which head was lost.
   * @returns false if no fork was noted
   */
  goOn(collector: string, lost: LostHead | null): Promise<boolean>;
}
