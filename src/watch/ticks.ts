import type { DueRuns } from '../stores/store.js';
import { type Calendar, type Cron, differsOnSchedule, readCron, refusedCron } from './cron.js';

/** Interval assumed for a cron that is unknown or never comes. */
const unknownEveryMs = 24 * 3_600_000;

const dayMs = 24 * 3_600_000;
/** Temporal looks for the next run for five years. */
const emptyDaysMax = 5 * 366;

/**
 * The moments when a cron is due after a moment, or before it, nearest first; epoch ms. Ends after five years without
 * any. As on the server, a time that the clocks of the zone skip is left out, and one that they repeat comes twice.
 */
export function* ticksOf(cron: Cron, fromMs: number, direction: 'after' | 'before'): Generator<number, void> {
  const step = direction === 'after' ? 1 : -1;
  if ('everyMs' in cron) {
    const everyMs = Math.max(1_000, Math.floor(cron.everyMs / 1_000) * 1_000);
    for (let ms = fromMs + step * everyMs; ; ms += step * everyMs) yield ms;
  }
  // The zone's date may be another one than that of UTC.
  let day = Math.floor(fromMs / dayMs) - step;
  for (let empty = 0; empty <= emptyDaysMax; empty += 1, day += step) {
    if (!isDue(cron, day)) continue;
    for (const ms of ticksOn(cron, day, step)) {
      if ((ms - fromMs) * step <= 0) continue;
      yield ms;
      empty = 0;
    }
  }
}

/** @param day days since 1970-01-01 by the calendar of the cron's zone */
function isDue({ day: days, month, weekday }: Calendar, day: number): boolean {
  const date = new Date(day * dayMs);
  if (!month.values.includes(date.getUTCMonth() + 1)) return false;
  const fits = [days.values.includes(date.getUTCDate()), weekday.values.includes(date.getUTCDay())];
  return days.every || weekday.every ? !fits.includes(false) : fits.includes(true);
}

function ticksOn({ hour, minute, offsetMs }: Calendar, day: number, step: 1 | -1): number[] {
  const startMs = day * dayMs;
  // A day of a zone begins up to 14 hours before that of UTC, and ends up to 12 hours after it.
  const offsets = [...new Set([startMs - 0.6 * dayMs, startMs + 1.5 * dayMs].map(offsetMs))];
  const ticks = hour.values.flatMap((hours) =>
    minute.values.flatMap((minutes) => {
      const candidates = offsets.map((offset) => startMs + (hours * 60 + minutes) * 60_000 - offset);
      return offsets.length === 1 ? candidates : candidates.filter((ms, nth) => offsetMs(ms) === offsets[nth]);
    }),
  );
  return ticks.sort((a, b) => (a - b) * step);
}

/**
 * Returns the `count`-th last tick of a cron before a moment; epoch ms. The cron may have any form that Temporal
 * accepts (prefixed with `CRON_TZ=Europe/Vienna`, `@hourly`, `@every 90s`).
 */
export function nthTickBefore(text: string, count: number, beforeMs: number): number {
  const cron = cronOrNull(text);
  let left = count;
  for (const ms of cron ? ticksOf(cron, beforeMs, 'before') : []) {
    left -= 1;
    if (left === 0) return ms;
  }
  return beforeMs - count * unknownEveryMs;
}

/**
 * Returns when the `count`-th last run was due; epoch ms. Times that only a run has told count as one a day at least:
 * otherwise an input of an activity could silence the alarm for years.
 */
export function nthDueBefore({ cron, told }: Pick<DueRuns, 'cron' | 'told'>, count: number, beforeMs: number): number {
  const ms = nthTickBefore(cron, count, beforeMs);
  return told ? Math.max(ms, beforeMs - count * unknownEveryMs) : ms;
}

/** True if Temporal can tell from a cron that no run follows a moment. */
export function neverComes(text: string, afterMs: number): boolean {
  const cron = cronOrNull(text);
  return cron !== null && ticksOf(cron, afterMs, 'after').next().done === true;
}

/**
 * Judges a cron before a collection is started on it. What one kind of recurrence refuses or reads otherwise than the
 * other is refused too, since a collection moves between them.
 * @throws TrawlError INPUT_INVALID
 */
export function requireCron(text: string): void {
  const cron = readCron(text);
  const now = Date.now();
  const next = ticksOf(cron, now, 'after').next();
  if (next.done || next.value > now + emptyDaysMax * dayMs)
    throw refusedCron(text, 'no time in the next five years fits it');
  const differs = differsOnSchedule(cron);
  if (differs !== null) throw refusedCron(text, differs);
}

function cronOrNull(text: string): Cron | null {
  try {
    return readCron(text);
  } catch {
    return null;
  }
}
