// Calculates what a number of collectors needs from measured figures (docs/benchmarks.md, docs/scaling.md):
//   node scripts/plan.mjs --collectors 1000 --interval 5 --events-per-day 20000
// Plain JavaScript without packages, so that it runs before anything is installed.
import { parseArgs } from 'node:util';

/** Measured on a machine with 2 cores. docs/benchmarks.md describes it, and how to measure your own. */
export const measured = {
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
export const limits = {
  asa: { requestsPerHour: 10_000, pageEvents: 1_000, retentionDays: 90 },
  descope: { requestsPerHour: 600, pageEvents: 1_000, retentionDays: 30 },
  /** The vendor documents neither its rate limit nor its retention. */
  skyflow: { requestsPerHour: Number.POSITIVE_INFINITY, pageEvents: 1_000, retentionDays: 90 },
};

const scheduleActions = 2;
const actionsPerSecondFree = 500;
const busyShare = 0.5;
const historyDays = 7;
const eventsPerSecondMost = 6_000;

/**
 * @param {{ collectors: number, intervalMinutes: number, eventsPerDay: number, source: string, retainDays: number }} given
 *   `eventsPerDay` counts for each collector
 */
export function plan({ collectors, intervalMinutes, eventsPerDay, source, retainDays }) {
  const runsPerDay = (collectors * 1_440) / intervalMinutes;
  const eventsAll = collectors * eventsPerDay;
  const { pageEvents, requestsPerHour, retentionDays } = limits[source];
  const perSecond = (perDay) => perDay / 86_400;
  const eventsPerRun = (eventsPerDay * intervalMinutes) / 1_440;
  const rounds = eventsAll / Math.min(measured.roundEvents, Math.max(1, eventsPerRun));
  const actionsPerDay =
    runsPerDay *
      ((eventsPerRun >= 1 ? measured.idleRun.actionsWithEvents : measured.idleRun.actions) + scheduleActions) +
    Math.max(0, rounds - runsPerDay) * measured.roundActions;
  const cores = (idleMs, eventMs) => perSecond(runsPerDay * idleMs + eventsAll * eventMs) / 1_000;
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

const bytes = (value) => {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const unit = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, value)) / 3)));
  return `${(value / 1_000 ** unit).toPrecision(3)} ${units[unit]}`;
};
const share = (value) => `${value >= 0.1 ? Math.round(value * 100) : (value * 100).toPrecision(2)} %`;

export function text(given, result) {
  const rows = [
    ['runs a second', result.runsPerSecond.toFixed(2)],
    ['events a second', result.eventsPerSecond.toFixed(1)],
    ['Temporal actions a month', `${(result.actionsPerMonth / 1e6).toFixed(1)} million`],
    ['cores: workers', result.workerCores.toFixed(2)],
    ['cores: PostgreSQL', result.postgresCores.toFixed(2)],
    ['cores: Temporal', result.temporalCores.toFixed(2)],
    ['workers of 2 cores, half busy', String(result.workers)],
    ['store grows by, a day', bytes(result.storeBytesPerDay)],
    [`store after ${given.retainDays} days`, bytes(result.storeBytes)],
    [`Temporal's history, ${historyDays} days`, bytes(result.temporalBytes)],
    ['first catch-up of a collector, hours', result.catchUpHours.toFixed(1)],
    ['trawl start --all --schedule', `--cron '*/${given.intervalMinutes} * * * *' --jitter ${result.jitterSeconds}s`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const [first, ...others] = result.parts;
  return [
    `${given.collectors} collectors of ${given.source}, every ${given.intervalMinutes} minutes, ${given.eventsPerDay} events a day each:`,
    '',
    ...rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`),
    '',
    `Reaches its limit first: ${first.part}, ${share(first.used)} used. Remedy: ${first.instead}.`,
    ...others.map(({ part, used }) => `  ${part}: ${share(used)}`),
  ].join('\n');
}

function wanted() {
  const { values } = parseArgs({
    options: {
      collectors: { type: 'string', default: '1000' },
      interval: { type: 'string', default: '5' },
      'events-per-day': { type: 'string', default: '20000' },
      'retain-days': { type: 'string', default: '365' },
      source: { type: 'string', default: 'asa' },
      json: { type: 'boolean', default: false },
    },
  });
  const number = (name) => {
    const value = Number(values[name]);
    if (!(value > 0) || !Number.isFinite(value)) throw new Error(`--${name} must be a number above 0`);
    return value;
  };
  if (!(values.source in limits)) throw new Error(`--source must be one of ${Object.keys(limits).join(', ')}`);
  const given = {
    collectors: number('collectors'),
    intervalMinutes: number('interval'),
    eventsPerDay: number('events-per-day'),
    source: values.source,
    retainDays: number('retain-days'),
  };
  return { given, json: values.json };
}

if (process.argv[1]?.endsWith('plan.mjs')) {
  try {
    const { given, json } = wanted();
    const result = plan(given);
    console.log(json ? JSON.stringify({ given, ...result }, null, 2) : text(given, result));
  } catch (error) {
    console.error(`error: ${error.message}`);
    process.exitCode = 2;
  }
}
