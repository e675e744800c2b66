import type { EnrichedEvent } from '../domain.js';
import type { Exchange } from '../http/client.js';

/** Whom a collector's work is told to while a worker does it. Throws nothing. */
export interface Observer {
  /** A request to the source has ended. */
  exchange(collector: string, source: string, exchange: Exchange): void;
  /** Events are about to be written; some may be stored already. */
  events(collector: string, source: string, events: readonly EnrichedEvent[]): void;
  /** An attempt of a step has failed. @param code of docs/errors.md */
  failure(collector: string, activity: string, code: string): void;
}
