import type { Clock } from '../clock.js';
import type { Host } from '../network.js';
import type { Random } from '../random.js';

/** An event as it was at some time. */
export interface Version {
  /** The part that is stored as the source's own text. */
  raw: string;
  /** The event as pages have it. */
  whole: string;
  /** Its time as it is stored, where that may change. */
  timestamp?: string;
}

/** A vendor's API with an audit log that grows. */
export interface Vendor extends Host {
  readonly kind: string;
  readonly host: string;
  /** Every event that the log has had, by id, with all that it has ever said: the latest version is the last. */
  readonly events: ReadonlyMap<string, readonly Version[]>;
  /** Events happen. */
  grow(count: number): void;
  /** What was true of the API until now no longer is: it forgets offsets, or tokens. */
  upset(): void;
  /** True if its retention has removed an event. */
  hasDropped?(id: string): boolean;
  /** Number of times that it has forgotten the offsets that it gave out. */
  readonly forgotten: number;
  /** Some of its events say something else from now on. */
  alter(): void;
  /** Gives the times or ids of its events in a form that nobody knows, or no longer does so. */
  mangle(): void;
  /** Has another empty page after each page, or no longer does so. */
  wander?(): void;
  /** From here on it accepts whatever it should, and gives what it has. */
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
