import { TrawlError } from '../errors.js';
import { type Bounds, type Field, fieldOf, type Refuse } from './cron-fields.js';
import { goDurationMs, offsetsOf } from './cron-units.js';

/** When runs are due: at intervals, or at certain times of certain days. */
export type Cron = { everyMs: number } | Calendar;

export interface Calendar {
  minute: Field;
  hour: Field;
  day: Field;
  month: Field;
  weekday: Field;
  /** How far the clocks of the time zone are ahead of UTC at a moment; both in ms. */
  offsetMs: (atMs: number) => number;
}

const descriptors = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
]);

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const bounds = {
  minute: { name: 'minute', min: 0, max: 59 },
  hour: { name: 'hour', min: 0, max: 23 },
  day: { name: 'day of the month', min: 1, max: 31 },
  month: { name: 'month', min: 1, max: 12, names: months },
  weekday: { name: 'day of the week', min: 0, max: 6, names: weekdays },
} as const satisfies Record<string, Bounds>;

/** Blanks as Go sees them. */
const blanks = '[\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+';
const blanksAtEnds = new RegExp(`^${blanks}|${blanks}$`, 'g');
const blanksBetween = new RegExp(blanks);

/**
 * Reads a cron as Temporal does for a workflow on cron: five fields, a descriptor such as `@hourly`, or `@every` with a
 * duration, after a time zone if there is one (`CRON_TZ=Europe/Vienna 0 4 * * *`). Temporal reads that of a Schedule by
 * other rules. Server 1.29 answers:
 *
 *     form                             workflow on cron           Schedule
 *     6 or 7 fields                    refused                    year last, of 7 the second first
 *     days of both kinds: 0 0 13 * 5   one of them must match     both must match
 *     weekday 7                        refused                    Sunday
 *     weekday 5/2                      5                          5 and 7: N/STEP counts up to 7
 *     mo, monday, january              refused                    read
 *     ?, *-5, 1,,2                     read as *, *, 1,2          refused
 *     @every 0.5s, @every -5m          read as @every 1s          refused
 *     @every 1d, @every 1h/5m          refused                    read
 *     # and what follows, even 5#2     refused                    cut off
 *     blanks around @hourly, TZ=       refused                    ignored
 *     no time in five years            refused                    accepted, and never runs
 *     nothing                          accepted: runs once        refused
 *
 * @throws TrawlError INPUT_INVALID
 */
export function readCron(text: string): Cron {
  const refuse: Refuse = (reason) => {
    throw refusedCron(text, reason);
  };
  const [, zone = 'UTC', inZone] = /^(?:CRON_)?TZ=([^ ]*) (.*)$/s.exec(text) ?? [];
  const offsetMs = offsetsOf(zone) ?? refuse(`the time zone ${JSON.stringify(zone)} is unknown`);
  const expression = inZone?.replace(blanksAtEnds, '') ?? text;
  const every = /^@every (.*)$/s.exec(expression)?.[1];
  if (every !== undefined) {
    const ms = goDurationMs(every) ?? refuse(`${JSON.stringify(every)} is not a duration such as 90s or 1h30m`);
    return { everyMs: Math.max(ms, 0) };
  }
  const fields = (descriptors.get(expression) ?? expression).replace(blanksAtEnds, '').split(blanksBetween);
  const [minute, hour, day, month, weekday] = fields;
  if (weekday === undefined || fields.length > 5) return refuse(`it does not have five fields`);
  return {
    minute: fieldOf(minute!, bounds.minute, refuse),
    hour: fieldOf(hour!, bounds.hour, refuse),
    day: fieldOf(day!, bounds.day, refuse),
    month: fieldOf(month!, bounds.month, refuse),
    weekday: fieldOf(weekday, bounds.weekday, refuse),
    offsetMs,
  };
}

/** Returns why a Schedule refuses a cron or runs at other times than a workflow; null if it does neither. */
export function differsOnSchedule(cron: Cron): string | null {
  if ('everyMs' in cron) return cron.everyMs < 1_000 ? 'the interval is shorter than a second' : null;
  const { minute, hour, day, month, weekday } = cron;
  if (!day.every && !weekday.every)
    return 'of a day of the month and a day of the week, one must match on cron, and both by a Schedule';
  return [minute, hour, day, month, weekday].find(({ differs }) => differs !== null)?.differs ?? null;
}

export function refusedCron(cron: string, reason: string, cause?: unknown): TrawlError {
  return new TrawlError('INPUT_INVALID', `The cron ${JSON.stringify(cron)} is refused: ${reason}.`, {
    hint: 'Use five fields, for example "*/5 * * * *"; docs/temporal.md lists the other forms.',
    cause,
  });
}
