import { CronExpressionParser } from 'cron-parser';

/** Interval assumed for an unknown cron, or for one that only the server can parse. */
const unknownEveryMs = 24 * 3_600_000;

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/**
 * Returns the `count`-th last tick of a cron before a moment; epoch ms. The cron may have any form that Temporal
 * accepts (prefixed with `CRON_TZ=Europe/Vienna`, `@hourly`, `@every 90s`).
 */
export function nthTickBefore(cron: string, count: number, beforeMs: number): number {
  const everyMs = durationMs(/^@every\s+(.+)$/.exec(cron)?.[1] ?? '');
  if (everyMs > 0) return beforeMs - count * everyMs;
  const [, tz, expression] = /^(?:(?:CRON_)?TZ=(\S+)\s+)?(.*)$/.exec(cron)!;
  // The parser would read missing fields as "*".
  const isWhole = /^(@\w+|\S+(\s+\S+){4,})$/.test(expression!.trim());
  if (!isWhole) return beforeMs - count * unknownEveryMs;
  try {
    const ticks = CronExpressionParser.parse(expression!, { currentDate: new Date(beforeMs), tz: tz ?? 'UTC' });
    let tick = beforeMs;
    for (let left = count; left > 0; left -= 1) tick = ticks.prev().getTime();
    return tick;
  } catch {
    return beforeMs - count * unknownEveryMs;
  }
}

/** Parses a duration in Go's form, such as `1h30m`; 0 if the text is not one. */
function durationMs(text: string): number {
  if (!/^([\d.]+(ns|us|µs|ms|s|m|h))+$/.test(text)) return 0;
  let sum = 0;
  for (const [, amount, unit] of text.matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/g)) sum += Number(amount) * unitMs[unit!]!;
  return sum;
}
