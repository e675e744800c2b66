export interface Figure {
  /** Name of the measurement, for example `SQLite, 50 ms`. */
  name: string;
  unit: string;
  /** One value for each run. */
  values: readonly number[];
  /** The baseline from the same run: one value for each value, or one for all of them. */
  to?: { name: string; values: readonly number[] } | undefined;
  /** True for a count, which does not depend on the machine. */
  exact?: boolean;
}

/** The measurements of one part. */
export interface Measured {
  figures: Figure[];
  /** Reasons why the part counts as failed. */
  failures?: string[];
}

export function sorted(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}

/** Nearest rank. @param share from 0 to 1. */
export function quantile(values: readonly number[], share: number): number {
  return sorted(values)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Ratio of each run to its own baseline, if it has one, so that what slows down both does not show. */
export function ratios({ values, to }: Figure): number[] {
  if (!to) return [];
  const paired = to.values.length === values.length;
  const common = median(to.values);
  return values.map((value, run) => value / (paired ? to.values[run]! : common));
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}

/** Rounds to three significant digits or more. */
export function short(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 100) return whole(value);
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** All figures in one table: median, minimum to maximum, and the ratio to the baseline. */
export function figureTable(parts: readonly (readonly [part: string, figures: readonly Figure[]])[]): string {
  const range = (values: readonly number[]) =>
    values.length > 1 ? `${short(Math.min(...values))} to ${short(Math.max(...values))}` : '';
  return table(
    ['part', 'measured', 'unit', 'median', 'min to max', 'ratio', 'min to max', 'to'],
    parts.flatMap(([part, figures]) =>
      figures.map((figure) => {
        const against = ratios(figure);
        return [
          ...[part, figure.name, figure.unit, short(median(figure.values)), range(figure.values)],
          ...(figure.to ? [short(median(against)), range(against), figure.to.name] : ['', '', '']),
        ];
      }),
    ),
  );
}

export function figureJson(figure: Figure): object {
  const spread = (values: readonly number[]) => ({
    median: median(values),
    least: Math.min(...values),
    most: Math.max(...values),
  });
  return {
    ...figure,
    ...spread(figure.values),
    ...(figure.to ? { ratio: spread(ratios(figure)) } : {}),
  };
}
