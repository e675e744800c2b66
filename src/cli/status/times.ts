const unitsMs: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
];

/** Formats a duration in its largest unit, rounded down: `45s`, `2m`, `3h`, `12d`. */
export function span(ms: number): string {
  const [unit, unitMs] = unitsMs.find(([, one]) => ms >= one) ?? unitsMs.at(-1)!;
  return `${Math.max(0, Math.floor(ms / unitMs))}${unit}`;
}

/** Formats a time relative to now: `2m ago`, `in 3m`; a dash if there is none. */
export function fromNow(time: string | null | undefined, nowMs: number): string {
  if (!time) return '-';
  const ms = Date.parse(time) - nowMs;
  return ms > 0 ? `in ${span(ms)}` : `${span(-ms)} ago`;
}
