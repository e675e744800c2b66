import type { DemoOptions, StandaloneDemo } from './standalone.js';

/** A kind of demo server. */
interface DemoKind {
  /** Default number of events at the start. */
  events: number;
  start(options: DemoOptions): Promise<StandaloneDemo>;
}

/** The demo server for each kind of source; its code is loaded when it starts. */
export const demos: Readonly<Record<string, DemoKind>> = {
  asa: {
    // It generates its events on request; the others keep theirs in memory.
    events: 100_000,
    start: async (options) => (await import('./asa/standalone.js')).startStandaloneAsa(options),
  },
  descope: {
    events: 5_000,
    start: async (options) => (await import('./descope/standalone.js')).startStandaloneDescope(options),
  },
  skyflow: {
    events: 5_000,
    start: async (options) => (await import('./skyflow/standalone.js')).startStandaloneSkyflow(options),
  },
};
