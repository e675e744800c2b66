import { InvalidArgumentError, Option } from 'commander';
import { wholeNumber as wholeNumberOf } from '../../whole-number.js';

export function jsonOption(): Option {
  return new Option('--json', 'write the result as JSON');
}

const timeForms = '7d, yesterday, 2026-05-01, "2026-05-01 14:00" or 2026-05-01T12:00:00Z';

/** @param what the option selects, such as `events`. */
export function sinceOption(what: string): Option {
  return new Option('--since <time>', `${what} from this time on: ${timeForms}`);
}

export function untilOption(what: string): Option {
  return new Option('--until <time>', `${what} before this time`);
}

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

/** Makes a parser of durations such as `30s` to ms. */
export function duration(minSeconds: number): (text: string) => number {
  return (text) => {
    const [, amount, unit] = /^(\d{1,5})([smh])$/.exec(text) ?? [];
    if (unit === undefined) throw new InvalidArgumentError('Use a duration such as 30s, 10m or 1h.');
    const ms = Number(amount) * unitMs[unit]!;
    if (ms < minSeconds * 1_000) throw new InvalidArgumentError(`Use a duration of ${minSeconds}s or more.`);
    return ms;
  };
}

export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = wholeNumberOf(text, min, max);
    if (value !== undefined) return value;
    throw new InvalidArgumentError(`Use a whole number from ${min} to ${max}.`);
  };
}

export function positiveNumber(text: string): number {
  const value = /^\d{1,12}(\.\d{1,6})?$/.test(text) ? Number(text) : 0;
  if (value > 0) return value;
  throw new InvalidArgumentError('Use a number above 0.');
}
