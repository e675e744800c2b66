/** What a field of a cron may hold. */
export interface Bounds {
  name: string;
  min: number;
  max: number;
  /** Names of the values, from the lowest. */
  names?: readonly string[];
}

export interface Field {
  /** Ascending. */
  values: readonly number[];
  /** True if the field does not limit the days: it contains a `*` without a step. */
  every: boolean;
  /** Why a Schedule refuses the field or reads it otherwise; null if it does neither. */
  differs: string | null;
}

interface Part {
  from: number;
  to: number;
  step: number;
  every: boolean;
  /** Why a Schedule refuses the part; null if it does not. */
  refused: string | null;
  /** True if a Schedule, to which 7 is Sunday, reads the part as one that contains it. */
  reaches7: boolean;
}

/** Ends the reading of a cron that Temporal refuses. */
export type Refuse = (reason: string) => never;

/** Reads one field as a workflow on cron does: parts separated by commas, `*`, `N`, `N-M`, each with `/STEP` or not. */
export function fieldOf(text: string, bounds: Bounds, refuse: Refuse): Field {
  const texts = text.split(',');
  const parts = texts.filter((part) => part !== '').map((part) => partOf(part, bounds, refuse));
  const values = new Set<number>();
  for (const { from, to, step } of parts) for (let value = from; value <= to; value += step) values.add(value);
  const shown = `the ${bounds.name} ${JSON.stringify(text)}`;
  const empty = parts.length < texts.length ? `a part of ${shown} is empty` : null;
  const refused = empty ?? parts.find((part) => part.refused !== null)?.refused ?? null;
  const addsSunday = parts.some(({ reaches7 }) => reaches7) && !values.has(0);
  return {
    values: [...values].sort((a, b) => a - b),
    every: parts.some(({ every }) => every),
    differs: refused ?? (addsSunday ? `a Schedule adds Sunday to ${shown}` : null),
  };
}

function partOf(text: string, bounds: Bounds, refuse: Refuse): Part {
  const { name, min, max } = bounds;
  const shown = `the ${name} ${JSON.stringify(text)}`;
  const [range = '', stepText = '1', ...more] = text.split('/');
  if (more.length > 0) refuse(`${shown} has more than one step`);
  const step = wholeOf(stepText);
  if (step === undefined || step < 1) refuse(`the step of ${shown} is not a whole number above 0`);
  const [low = '', ...high] = range.split('-');
  if (low === '*' || low === '?') {
    const refused = range === '*' ? null : `a Schedule does not know ${shown}`;
    return { from: min, to: max, step: step!, every: step === 1, refused, reaches7: false };
  }
  if (high.length > 1) refuse(`${shown} is not a range`);
  const [from, to] = [low, high[0] ?? low].map((value) => numberOf(value, bounds));
  if (from === undefined || to === undefined || from < min || to > max || from > to)
    return refuse(`${shown} is neither a number from ${min} to ${max} nor a range of them`);
  // "5/15" goes on to the end of the range.
  const open = high.length === 0 && text.includes('/');
  const reaches7 = open && max === 6 && (step! > 1 || from > 1) && (7 - from) % step! === 0;
  return { from, to: open ? max : to, step: step!, every: false, refused: null, reaches7 };
}

function numberOf(text: string, { min, names = [] }: Bounds): number | undefined {
  const place = names.indexOf(text.toLowerCase());
  return place === -1 ? wholeOf(text) : min + place;
}

function wholeOf(text: string): number | undefined {
  const value = /^\+?\d+$/.test(text) ? Number(text) : undefined;
  return value !== undefined && Number.isSafeInteger(value) ? value : undefined;
}
