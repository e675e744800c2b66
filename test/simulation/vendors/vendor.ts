import type { Clock } from '../clock.js';
import type { Host } from '../network.js';
import type { Random } from '../random.js';

/** A vendor's API with an audit log that grows. */
export interface Vendor extends Host {
  readonly kind: string;
  readonly host: string;
  /** Every event that the log has had: the source's own text by id. */
  readonly events: ReadonlyMap<string, string>;
  /** Events happen. */
  grow(count: number): void;
  /** What was true of the API until now no longer is: it forgets offsets, or tokens. */
  upset(): void;
  /** From here on it accepts whatever it should. */
  calm(): void;
  /** Settings of a collector, as environment variables. */
  readonly env: Record<string, string>;
  /** The setting that a history draws, for the trace. */
  readonly manner: string;
}

export interface VendorOptions {
  clock: Clock;
  random: Random;
  /** How late an event may appear after its time. */
  overlapMinutes: number;
  searchCount: number;
}
