import { epochNanoseconds, within64Bits } from '../timestamp.js';
import { WrongCall } from './wrong-call.js';

/** A range of time as options of verbs give it: from `since` on, and before `until`. */
export interface TimeRangeOptions {
  since?: string | undefined;
  until?: string | undefined;
}

/** Epoch nanoseconds. */
export interface TimeRange {
  sinceNs: bigint | undefined;
  untilNs: bigint | undefined;
}

const unitSeconds: Readonly<Record<string, bigint>> = { s: 1n, m: 60n, h: 3_600n, d: 86_400n };
const dayWords: Readonly<Record<string, number>> = { today: 0, yesterday: -1, tomorrow: 1 };

/** @throws WrongCall if one of the two is not a time, or if the range ends before it begins. */
export function timeRange({ since, until }: TimeRangeOptions, nowMs = Date.now()): TimeRange {
  const [sinceNs, untilNs] = [timeOption('--since', since, nowMs), timeOption('--until', until, nowMs)];
  if (sinceNs !== undefined && untilNs !== undefined && sinceNs > untilNs)
    throw new WrongCall(
      `--since ${JSON.stringify(since)} is later than --until ${JSON.stringify(until)}.`,
      'Exchange the two, for example: --since 7d --until 2d.',
    );
  return { sinceNs, untilNs };
}

/**
 * Parses a time to epoch nanoseconds: every form in which a verb prints one, and those that people type. A time without a
 * zone is one of this machine's clock.
 * @throws WrongCall for what is no time, and for what could mean two.
 */
export function timeOption(name: string, text: string | undefined, nowMs = Date.now()): bigint | undefined {
  if (text === undefined) return undefined;
  const typed = text.trim();
  const time = relative(typed.toLowerCase(), nowMs) ?? absolute(typed);
  if (time === undefined) throw new WrongCall(`${name} ${JSON.stringify(text)} is not a valid time.`, hintFor(typed));
  if (typeof time === 'bigint') return time;
  throw new WrongCall(`${name} ${JSON.stringify(text)} ${time.problem}.`, time.hint);
}

interface Refused {
  problem: string;
  hint: string;
}

/** `2h`, `2h ago`, `in 2h` and `now`, as `trawl status` shows times; `today` and `yesterday`. */
function relative(text: string, nowMs: number): bigint | undefined {
  if (text === 'now') return BigInt(nowMs) * 1_000_000n;
  if (Object.hasOwn(dayWords, text)) {
    const now = new Date(nowMs);
    return nanoseconds(new Date(now.getFullYear(), now.getMonth(), now.getDate() + dayWords[text]!));
  }
  const [, later, amount, unit, ago] = /^(in )?(\d{1,6})([smhd])( ago)?$/.exec(text) ?? [];
  if (amount === undefined || (later && ago)) return undefined;
  const distance = BigInt(amount) * unitSeconds[unit!]! * 1_000_000_000n;
  const now = BigInt(nowMs) * 1_000_000n;
  return within64Bits(later ? now + distance : now - distance);
}

const localForm = /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?$/;
const utcForm = /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d))?([Zz]|[+-]\d\d:\d\d)$/;

function absolute(text: string): bigint | Refused | undefined {
  const [, day, minute = '00:00', zone] = utcForm.exec(text) ?? [];
  const time = epochNanoseconds(day === undefined ? text : `${day}T${minute}:00${zone}`);
  if (time !== null) return time;
  const match = localForm.exec(text);
  return match ? local(text, match) : undefined;
}

type Digits = [year: number, month: number, day: number, hour: number, minute: number, second: number];

/** A time of this machine's clock. One that the clock skips, or shows twice, is refused: no reading of it is the right one. */
function local(text: string, [, ...parts]: RegExpExecArray): bigint | Refused | undefined {
  const [year, month, day, hour, minute, second] = parts.slice(0, 6).map((part) => Number(part ?? 0)) as Digits;
  const isDay = parts[3] === undefined;
  // The same digits in UTC: whatever is wrong with them is wrong in every zone.
  if (epochNanoseconds(`${text.slice(0, 10)}T${pad(hour)}:${pad(minute)}:${pad(second)}Z`) === null) return undefined;
  const date = new Date(2000, month - 1, day, hour, minute, second);
  date.setFullYear(year, month - 1, day);
  if (isDay) return nanoseconds(date);
  if (date.getHours() !== hour || date.getMinutes() !== minute)
    return {
      problem: 'does not exist: the clocks of this machine go forward then',
      hint: `Give the zone, for example ${withZone(date)}.`,
    };
  const other = [-120, -60, -30, 30, 60, 120].map((minutes) => new Date(date.getTime() + minutes * 60_000));
  const twin = other.find((one) => clock(one) === clock(date));
  if (twin)
    return {
      problem: 'comes twice: the clocks of this machine go back then',
      hint: `Give the zone: ${[date, twin]
        .sort((a, b) => Number(a) - Number(b))
        .map(withZone)
        .join(' or ')}.`,
    };
  return nanoseconds(date) + BigInt((parts[6] ?? '').padEnd(9, '0'));
}

function nanoseconds(date: Date): bigint {
  return within64Bits(BigInt(date.getTime()) * 1_000_000n);
}

function clock(date: Date): string {
  const [year, month, day] = [date.getFullYear(), date.getMonth() + 1, date.getDate()].map(pad);
  return `${year}-${month}-${day}T${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}

/** RFC 3339 with the offset of this machine's zone. */
function withZone(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60].map(pad);
  return `${clock(date)}${minutes < 0 ? '-' : '+'}${hours}:${rest}`;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}

/** Says what a text may have meant, by an example; a bare number means nothing by itself. */
function hintFor(text: string): string {
  const [, number] = /^(\d{1,3})$/.exec(text) ?? [];
  if (number !== undefined) return `Add a unit: ${number}d for ${number} days ago, ${number}h for ${number} hours ago.`;
  return `Use RFC 3339 (2026-05-01T12:00:00Z), a time of this machine's clock ("2026-05-01 14:00"), a date (2026-05-01), an age (90m, 12h, 7d), now, today or yesterday.`;
}
