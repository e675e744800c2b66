import { counted } from '../../counted.js';
import { print, printJson } from '../output.js';
import { historyDays, type Plan, type PlannedFor, plan } from '../plan/sizing.js';

/** `trawl plan`: what a number of collectors needs, and which part reaches its limit first. */
export async function planVerb(given: PlannedFor, { json }: { json?: boolean }): Promise<number> {
  const result = plan(given);
  if (json) await printJson({ given, ...result });
  else await print(`${inWords(given, result)}\n`);
  return 0;
}

function inWords(given: PlannedFor, result: Plan): string {
  const rows = [
    ['runs a second', result.runsPerSecond.toFixed(2)],
    ['events a second', result.eventsPerSecond.toFixed(1)],
    ['Temporal actions a month', `${(result.actionsPerMonth / 1e6).toFixed(1)} million`],
    ['cores: workers', result.workerCores.toFixed(2)],
    ['cores: PostgreSQL', result.postgresCores.toFixed(2)],
    ['cores: Temporal', result.temporalCores.toFixed(2)],
    ['workers of 2 cores, half busy', String(result.workers)],
    ['store grows by, a day', bytes(result.storeBytesPerDay)],
    [`store after ${counted(given.retainDays, 'day')}`, bytes(result.storeBytes)],
    [`Temporal's history, ${historyDays} days`, bytes(result.temporalBytes)],
    ['first catch-up of a collector, hours', result.catchUpHours.toFixed(1)],
    ['trawl start --all --schedule', `--cron '*/${given.intervalMinutes} * * * *' --jitter ${result.jitterSeconds}s`],
  ] as const;
  const width = Math.max(...rows.map(([name]) => name.length));
  const [first, ...others] = result.parts;
  return [
    `${counted(given.collectors, 'collector')} of ${given.source}, every ${counted(given.intervalMinutes, 'minute')}, ${counted(given.eventsPerDay, 'event')} a day each:`,
    '',
    ...rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`),
    '',
    `Reaches its limit first: ${first!.part}, ${share(first!.used)} used. Remedy: ${first!.instead}.`,
    ...others.map(({ part, used }) => `  ${part}: ${share(used)}`),
  ].join('\n');
}

function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const unit = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, value)) / 3)));
  return `${(value / 1_000 ** unit).toPrecision(3)} ${units[unit]}`;
}

function share(value: number): string {
  return `${value >= 0.1 ? Math.round(value * 100) : (value * 100).toPrecision(2)} %`;
}
