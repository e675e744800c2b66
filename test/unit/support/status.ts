import type { Asked } from '../../../src/cli/status/answers.js';
import { collectorStatus, type StatusReport } from '../../../src/cli/status/report.js';
import type { Collected, Stored } from '../../../src/cli/status/stored.js';
import type { RecurringState } from '../../../src/temporal/collection.js';
import type { SinkStanding } from '../../../src/watch/sinks.js';

export const now = Date.parse('2026-03-02T10:00:00Z');
export const minute = 60_000;
export const hour = 60 * minute;
export const ago = (ms: number) => new Date(now - ms).toISOString();

export const waiting: RecurringState = {
  recurrence: 'cron',
  state: 'waiting',
  cron: '*/5 * * * *',
  nextRun: ago(-3 * minute),
  failure: null,
  run: null,
  pausedBecause: null,
};
export const running: RecurringState = { ...waiting, state: 'running', nextRun: null, run: 'audit-collection-asa' };

export const collected: Collected = {
  events: 1_234_567,
  lastSeq: 1_234_567,
  pages: 1_300,
  rejected: 0,
  lost: [],
  newestEvent: ago(2 * minute),
  lastRun: ago(2 * minute),
  lastNote: 'No new events',
  lastOffset: 'abc',
  lastCount: 12,
  caughtUpAt: ago(2 * minute),
  caughtUp: true,
  behindSince: null,
  lagSeconds: 0,
  filters: [],
  sinks: [],
  repetitions: [],
  signed: null,
};
export const sink: SinkStanding = {
  sink: 'archive',
  events: 1_234_000,
  behind: 567,
  confirmedAt: ago(3 * minute),
  refused: 0,
  waitingSince: ago(2 * minute),
  failure: null,
  failedAt: null,
};

export interface Known {
  name?: string;
  state?: Asked['state'];
  run?: Asked['run'];
  unsaid?: Asked['unsaid'];
  worker?: StatusReport['worker'];
  collected?: Partial<Collected>;
  stored?: Partial<Stored> | undefined;
}

export function statusOf(known: Known = {}) {
  const { name = 'asa', worker = 'running', run = null } = known;
  const state = 'state' in known ? known.state : waiting;
  const all = { ...collected, ...known.collected };
  const stored = { collected: all, expected: true, failure: null, failureBeforeStop: null, found: [], ...known.stored };
  const has = !('stored' in known && known.stored === undefined);
  return collectorStatus(name, { state, run, unsaid: known.unsaid ?? null, worker }, has ? stored : undefined, now);
}

export function reportOf(collectors = [statusOf()], other: Partial<StatusReport> = {}): StatusReport {
  const known = { storeExists: true, storeProblem: null, temporal: 'connected', temporalProblem: null };
  return { at: ago(0), store: '/data/trawl.db', ...known, worker: 'running', strayRuns: [], collectors, ...other };
}
