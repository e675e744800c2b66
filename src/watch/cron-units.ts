const unitNs: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3_600e9,
};

/** Go keeps a duration in 63 bits. */
const durationMaxNs = 2 ** 63;

const amount = '(\\d+\\.?\\d*|\\.\\d+)(ns|us|µs|μs|ms|s|m|h)';

/** Parses a duration in Go's form, such as `1h30m` or `-1.5s`; null if the text is not one. */
export function goDurationMs(text: string): number | null {
  if (/^[+-]?0$/.test(text)) return 0;
  if (!new RegExp(`^[+-]?(${amount})+$`).test(text)) return null;
  let ns = 0;
  for (const [, count, unit] of text.matchAll(new RegExp(amount, 'g'))) ns += Number(count) * unitNs[unit!]!;
  if (ns >= durationMaxNs) return null;
  return (text.startsWith('-') ? -ns : ns) / 1e6;
}

/** The offset from UTC of a time zone's clocks, by moment; both in ms. Null if the zone is unknown. */
export function offsetsOf(zone: string): ((atMs: number) => number) | null {
  if (zone === '' || zone === 'UTC') return () => 0;
  const format = formatOf(zone);
  return format && ((atMs) => localMs(format, atMs) - Math.floor(atMs / 1_000) * 1_000);
}

function formatOf(timeZone: string): Intl.DateTimeFormat | null {
  // Newer versions of Node take offsets too, which Temporal refuses.
  if (!/^[A-Za-z]/.test(timeZone)) return null;
  const digits = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' } as const;
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', second: '2-digit', ...digits });
  } catch {
    return null;
  }
}

/** What the clocks of the zone show, as if it were UTC. */
function localMs(format: Intl.DateTimeFormat, atMs: number): number {
  const part = Object.fromEntries(format.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(part.year!, part.month! - 1, part.day, part.hour, part.minute, part.second);
}
