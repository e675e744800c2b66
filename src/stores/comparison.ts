/** What a store has of an event that a source has sent again. `gone`: it was cleared or erased. */
export type Compared = 'same' | 'changed' | 'gone' | 'missing';

/** The outcome of comparing all that a source holds with what a store has. */
export interface Comparison {
  /** Events that are stored as the source sends them. */
  same: number;
  /** Events that were stored, and are cleared or erased. */
  gone: number;
  changed: number;
  missing: number;
  /** Events that are newer than the newest stored one. */
  notDue: number;
}
