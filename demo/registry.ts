import type { DemoOptions, StandaloneDemo } from './standalone.js';

/** A kind of demo server. */
export interface DemoKind {
  /** How many events it begins with where nobody says. */
  events: number;
  start(options: DemoOptions): Promise<StandaloneDemo>;
}

/** The demo server of each kind of source; the code of each is loaded when it is started. */
export const demos: Readonly<Record<string, DemoKind>> = {
  asa: {
    // It makes its events as they are asked for; the others hold theirs.
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
