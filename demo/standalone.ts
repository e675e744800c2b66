export interface DemoOptions {
  port: number;
  events: number;
  seed: number;
  /** Interval between new events in milliseconds; 0 for none. */
  arrivalIntervalMs: number;
  latencyMs: number;
}

/** A demo server that runs alone. */
export interface StandaloneDemo {
  what: string;
  /** The settings of a collector that reads it. */
  env: Record<string, string>;
  /** Lines for a shell. */
  examples: string[];
  close(): Promise<void>;
}
