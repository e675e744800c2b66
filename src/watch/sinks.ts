import { counted } from '../counted.js';
import type { Environment, SettingsTable } from '../environment.js';
import { collectorRows } from '../settings/collector.js';
import { offloadSettingsOf } from '../settings/offload.js';
import type { Store } from '../stores/store.js';
import type { Problem } from './problem.js';

/** Progress of a collector's offloading to one sink. Times are RFC 3339. */
export interface SinkStanding {
  sink: string;
  /** Number of events that the sink has confirmed, and of those that it has not. */
  events: number;
  behind: number;
  confirmedAt: string | null;
  /** Number of events that it received but cannot keep: see the table refused_events. */
  refused: number;
  /** When the oldest unconfirmed event was collected; null if there is none. */
  waitingSince: string | null;
  /** Why the last attempt failed; null if it did not. */
  failure: string | null;
  failedAt: string | null;
}

interface SinkHealth extends SinkStanding {
  problems: Problem[];
}

const minuteMs = 60_000;
/**
 * The longest that events may wait while nothing is confirmed: after a failure, after a run that should have begun the
 * offloading, and with its own schedule.
 */
const lateAfterMs = { failed: 15 * minuteMs, afterRun: 60 * minuteMs, ownSchedule: 26 * 60 * minuteMs };

/** The health of each sink of a collector, judged by the store alone. */
export async function sinkHealth(
  store: Store,
  collector: string,
  { table, env }: { table: SettingsTable; env: Environment },
  nowMs: number,
): Promise<SinkHealth[]> {
  const { offload: sinks = [], offloadWhen } = offloadSettingsOf(collectorRows(table, collector), env);
  if (sinks.length === 0) return [];
  const { waitMinutesOf } = await import('../sinks/resolve.js');
  const [{ lastSeq }, cursors] = [await store.checkpoint(collector), await store.offload.cursors(collector)];
  const refused = await store.offload.refusedCounts(collector);
  return Promise.all(
    sinks.map(async (sink) => {
      const cursor = cursors.find((one) => one.sink === sink && one.series === '');
      const behind = lastSeq - (cursor?.lastSeq ?? 0);
      const [oldest] = behind > 0 ? await store.events({ collector, afterSeq: cursor?.lastSeq ?? 0 }, 1) : [];
      const standing: SinkStanding = {
        sink,
        events: cursor?.events ?? 0,
        // Events cleared with force are no longer sent.
        behind: oldest ? behind : 0,
        refused: refused.get(sink) ?? 0,
        confirmedAt: cursor?.confirmedAt ?? null,
        waitingSince: oldest?.collectedAt ?? null,
        failure: cursor?.failure ?? null,
        failedAt: cursor?.failedAt ?? null,
      };
      const waitMs = waitMinutesOf(sink, table, env) * minuteMs;
      const limitMs = waitMs + (offloadWhen === 'after-run' ? lateAfterMs.afterRun : lateAfterMs.ownSchedule);
      const problem = lateSink(collector, standing, limitMs, nowMs);
      return { ...standing, problems: problem ? [problem] : [] };
    }),
  );
}

/** Judges one sink. A long backlog is healthy while the sink confirms batches. */
export function lateSink(
  collector: string,
  { sink, behind, waitingSince, confirmedAt, failure }: SinkStanding,
  limitMs: number,
  nowMs: number,
): Problem | null {
  if (waitingSince === null) return null;
  const stillMs = nowMs - Math.max(Date.parse(waitingSince), confirmedAt === null ? 0 : Date.parse(confirmedAt));
  if (stillMs <= (failure === null ? limitMs : Math.min(limitMs, lateAfterMs.failed))) return null;
  const reason = failure === null ? '' : ` The last attempt failed: ${failure}`;
  return {
    code: 'OFFLOAD_LATE',
    message: `${counted(behind, 'event has', 'events have')} not reached the sink ${sink}, the oldest was collected at ${waitingSince}.${reason} Nothing is lost: see the run audit-offload-${collector} in the Temporal UI, and offload now with "trawl offload ${collector}".`,
  };
}
