import type { Environment } from '../environment.js';
import { collectorNames } from '../settings/names.js';
import type { SourceKind } from '../sources/kinds.js';
import type { Standing, Store } from '../stores/store.js';
import { problemsOf } from './health.js';
import type { Problem } from './problem.js';
import { isAtRest } from './run-failure.js';
import { type SinkStanding, sinkHealth } from './sinks.js';

/** The problems that are watched for, explained in docs/monitoring.md. */
export const watchedCodes = [
  'LATE',
  'NO_NEXT_RUN',
  'RETENTION_NEAR',
  'NOT_CAUGHT_UP',
  'OFFLOAD_LATE',
  'EVENTS_REJECTED',
  'PROOF_FORKED',
  'PROOF_NOT_ANCHORED',
] as const satisfies readonly Problem['code'][];

export interface CollectorHealth extends Standing {
  /** Kind of source; undefined if the collector is no longer set up. */
  source: string | undefined;
  /** The source's retention, if it states one. */
  retentionDays: number | undefined;
  sinks: SinkStanding[];
  /** Problems of the collector and of its sinks. */
  problems: Problem[];
}

export interface Watched {
  store: Store;
  sources: readonly SourceKind[];
  env: Environment;
  /** Runs that may be missed before a collector is late. */
  lateAfterRuns: number;
}

/** The health of each collector that has run or is expected to. @throws TrawlError as the store does. */
export async function collectorHealth(
  { store, sources, env, lateAfterRuns }: Watched,
  nowMs = Date.now(),
): Promise<CollectorHealth[]> {
  const table = await store.settings();
  const setUp = new Set(collectorNames(sources, table, env));
  const found: CollectorHealth[] = [];
  for (const standing of await store.standings()) {
    const isSetUp = setUp.has(standing.collector);
    if (!isSetUp && isAtRest(standing)) continue;
    const kind = table[standing.collector]?.source ?? standing.collector;
    const source = isSetUp ? sources.find((one) => one.kind === kind) : undefined;
    const limits = { lateAfterRuns, retentionDays: source?.retentionDays };
    const sinks = source ? await sinkHealth(store, standing.collector, { table, env }, nowMs) : [];
    found.push({
      ...standing,
      source: source?.kind,
      retentionDays: source?.retentionDays,
      sinks: sinks.map(({ problems: _, ...one }) => one),
      problems: [...problemsOf(standing, limits, nowMs), ...sinks.flatMap(({ problems }) => problems)],
    });
  }
  return found;
}
