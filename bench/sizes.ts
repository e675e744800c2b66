export const storeKinds = ['sqlite', 'postgres'] as const;
export type StoreKind = (typeof storeKinds)[number];

/** Sizes of the measurements. The environment changes them; `guard` has its own. */
export interface Sizes {
  /** Runs of each figure; the median counts. */
  runs: number;
  stores: readonly StoreKind[];
  /** Events of a walk. */
  events: number;
  latenciesMs: readonly number[];
  /** Events of a collection that is measured from its start to its end. */
  wholeEvents: number;
  /** Stored events at which a page's cost is measured; the others are compared with the first. */
  growth: readonly number[];
  /** Events of the walk whose memory is compared with that of `events`; 0: no such walk. */
  longEvents: number;
  longRuns: number;
  /** Runs with nothing new for each value. */
  idleRuns: number;
  exportEvents: number;
  offloadEvents: number;
}

/** @throws Error if a variable is not such a number or store. */
export function readSizes(env: NodeJS.ProcessEnv): Sizes {
  const numbers = (name: string, otherwise: string): number[] =>
    (env[name] ?? otherwise).split(',').map((text) => {
      const value = Number(text);
      if (text.trim() !== '' && Number.isInteger(value) && value >= 0) return value;
      throw new Error(`${name}: ${JSON.stringify(text)} is not a whole number.`);
    });
  const number = (name: string, otherwise: number) => numbers(name, String(otherwise))[0]!;
  return {
    runs: number('BENCH_RUNS', 5),
    stores: (env.BENCH_STORES ?? storeKinds.join(',')).split(',').map((name) => {
      const kind = storeKinds.find((known) => known === name);
      if (kind) return kind;
      throw new Error(`BENCH_STORES: ${JSON.stringify(name)} is not one of ${storeKinds.join(', ')}.`);
    }),
    events: number('BENCH_EVENTS', 100_000),
    latenciesMs: numbers('BENCH_LATENCIES', '0,50,200'),
    wholeEvents: number('BENCH_WHOLE', 200_000),
    growth: numbers('BENCH_GROWTH', '10000,1000000,5000000'),
    longEvents: number('BENCH_LONG', 5_000_000),
    longRuns: number('BENCH_LONG_RUNS', 5),
    idleRuns: number('BENCH_IDLE', 20),
    exportEvents: number('BENCH_EXPORT', 1_000_000),
    offloadEvents: number('BENCH_OFFLOAD', 200_000),
  };
}
