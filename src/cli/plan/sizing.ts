/** Measured on a machine with 2 cores. docs/benchmarks.md describes it, and how to measure your own. */
const measured = {
  idleRun: {
    requests: 1,
    actions: 4,
    actionsWithEvents: 5,
    historyBytes: 4_800,
    workerCpuMs: 48.5,
    postgresCpuMs: 4.2,
    temporalCpuMs: 95,
    logBytes: 250,
  },
  event: { workerCpuMs: 0.06, postgresCpuMs: 0.063, bytesSqlite: 940, bytesPostgres: 1_900 },
  /** A round of fetch, enrich and write takes up to 8,000 events. */
  roundActions: 3,
  roundEvents: 8_000,
};

/** The vendors' limits, and the share of them that is left to others. */
export const limits: Readonly<Record<string, Limit>> = {
  asa: { requestsPerHour: 10_000, pageEvents: 1_000, retentionDays: 90 },
  descope: { requestsPerHour: 600, pageEvents: 1_000, retentionDays: 30 },
  /** The vendor documents neither its rate limit nor its retention. */
  skyflow: { requestsPerHour: Number.POSITIVE_INFINITY, pageEvents: 1_000, retentionDays: 90 },
};

interface Limit {
  requestsPerHour: number;
  pageEvents: number;
  retentionDays: number;
}

const scheduleActions = 2;
const actionsPerSecondFree = 500;
const busyShare = 0.5;
export const historyDays = 7;
const eventsPerSecondMost = 6_000;

export interface PlannedFor {
  collectors: number;
  intervalMinutes: number;
  /** Of each collector. */
  eventsPerDay: number;
  /** Kind of source. */
  source: string;
  retainDays: number;
}

export type Plan = ReturnType<typeof plan>;

/** Calculates what a number of collectors needs, from measured figures. */
export function plan({ collectors, intervalMinutes, eventsPerDay, source, retainDays }: PlannedFor) {
  const runsPerDay = (collectors * 1_440) / intervalMinutes;
  const eventsAll = collectors * eventsPerDay;
  const { pageEvents, requestsPerHour, retentionDays } = limits[source]!;
  const perSecond = (perDay: number) => perDay / 86_400;
  const eventsPerRun = (eventsPerDay * intervalMinutes) / 1_440;
  const rounds = eventsAll / Math.min(measured.roundEvents, Math.max(1, eventsPerRun));
  const actionsPerDay =
    runsPerDay *
      ((eventsPerRun >= 1 ? measured.idleRun.actionsWithEvents : measured.idleRun.actions) + scheduleActions) +
    Math.max(0, rounds - runsPerDay) * measured.roundActions;
  const cores = (idleMs: number, eventMs: number) => perSecond(runsPerDay * idleMs + eventsAll * eventMs) / 1_000;
  const { idleRun, event } = measured;
  const pagesPerHour = (60 / intervalMinutes) * measured.idleRun.requests + eventsPerDay / 24 / pageEvents;
  const parts = [
    {
      part: `the API's limit for one collector (${source}, ${requestsPerHour.toLocaleString('en')} requests an hour)`,
      used: pagesPerHour / requestsPerHour,
      instead: 'a longer interval; ask the vendor for more',
    },
    {
      part: 'one worker of 2 cores',
      used: cores(idleRun.workerCpuMs, event.workerCpuMs) / (2 * busyShare),
      instead: 'more workers: docker compose up --scale worker=N',
    },
    {
      part: 'PostgreSQL on 2 cores',
      used: cores(idleRun.postgresCpuMs, event.postgresCpuMs) / (2 * busyShare),
      instead: 'a larger server; several stores, each with its own Temporal namespace and workers',
    },
    {
      part: 'an embedded Temporal server on 2 cores',
      used: cores(idleRun.temporalCpuMs, 0) / (2 * busyShare),
      instead: 'a Temporal cluster on PostgreSQL or Cassandra, or Temporal Cloud',
    },
    {
      part: `Temporal Cloud's first limit (${actionsPerSecondFree} actions a second)`,
      used: perSecond(actionsPerDay) / actionsPerSecondFree,
      instead: 'ask for more; several namespaces',
    },
  ].sort((a, b) => b.used - a.used);
  return {
    runsPerSecond: perSecond(runsPerDay),
    eventsPerSecond: perSecond(eventsAll),
    actionsPerMonth: actionsPerDay * 30,
    workerCores: cores(idleRun.workerCpuMs, event.workerCpuMs),
    postgresCores: cores(idleRun.postgresCpuMs, event.postgresCpuMs),
    temporalCores: cores(idleRun.temporalCpuMs, 0),
    workers: Math.max(1, Math.ceil(cores(idleRun.workerCpuMs, event.workerCpuMs) / (2 * busyShare))),
    storeBytesPerDay: eventsAll * event.bytesPostgres + runsPerDay * idleRun.logBytes,
    storeBytes: eventsAll * event.bytesPostgres * retainDays,
    temporalBytes: runsPerDay * idleRun.historyBytes * historyDays,
    jitterSeconds: Math.round(intervalMinutes * 60 * 0.8),
    // A collector leaves part of the limit to the vendor's other users, and its rate of storing is limited too.
    catchUpHours: Math.max(
      ((eventsPerDay * retentionDays) / pageEvents / requestsPerHour) * 1.25,
      (eventsPerDay * retentionDays) / eventsPerSecondMost / 3_600,
    ),
    parts,
  };
}
