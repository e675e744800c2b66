import type { EnrichedEvent } from '../domain.js';
import type { Exchange } from '../http/client.js';

/** Receives reports of a collector's work while a worker does it. Never throws. */
export interface Observer {
  /** A request to the source has ended. */
  exchange(collector: string, source: string, exchange: Exchange): void;
  /** Events are about to be written; some may be stored already. */
  events(collector: string, source: string, events: readonly EnrichedEvent[]): void;
  /** An attempt of a step has failed. @param code a code of docs/errors.md. */
  failure(collector: string, activity: string, code: string): void;
}
