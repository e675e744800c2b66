import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../scripts/setup.mjs';
import { type Figure, type Measured, median, ratios, short } from './figures.js';
import { growth } from './growth.js';
import { idle } from './idle.js';
import type { Sizes } from './sizes.js';
import type { Stores } from './stores.js';
import { walk } from './walk.js';

/** Results of `npm run bench -- record` with the guard's own sizes, by figure. */
export interface Recorded {
  ratios: Record<string, number>;
  counts: Record<string, number>;
}

const file = join(root, 'bench', 'recorded.json');
const attempts = 3;
/** A ratio compares two things measured at the same time, so noise moves both. */
const allowedFactor = 2;

const sizes: Sizes = {
  runs: 1,
  stores: ['sqlite', 'postgres'],
  events: 40_000,
  latenciesMs: [0],
  wholeEvents: 0,
  growth: [5_000, 50_000],
  longEvents: 0,
  longRuns: 0,
  idleRuns: 1,
  exportEvents: 0,
  offloadEvents: 0,
};

/** Fastest first. */
const guarded: readonly [name: string, measure: (stores: Stores) => Promise<Measured>][] = [
  ['growth', (stores) => growth({ ...sizes, runs: 3 }, stores)],
  ['walk', (stores) => walk(sizes, stores)],
  ['idle', (stores) => idle({ ...sizes, runs: 3 }, stores)],
];

/**
 * The short form that CI runs. It fails if noise cannot explain the difference: a ratio twice as bad as recorded, or
 * one more request, action, statement or row in an idle run. A part that fails is measured again: it fails only if it
 * is worse each time.
 *
 * @param record records the measurements instead.
 */
export async function guard(stores: Stores, { record = false } = {}): Promise<Measured> {
  const recorded: Recorded = record ? { ratios: {}, counts: {} } : JSON.parse(readFileSync(file, 'utf8'));
  const all: Figure[] = [];
  const failures: string[] = [];
  for (const [name, measure] of guarded) {
    let figures: Figure[] = [];
    let wrong: Worse[] = [];
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      const before = new Set(wrong.map((worse) => worse.name));
      figures = prefixed(name, (await measure(stores)).figures);
      wrong = record ? [] : compare(recorded, figures).filter((worse) => attempt === 1 || before.has(worse.name));
      if (wrong.length === 0) break;
      for (const { sentence } of wrong) console.error(`attempt ${attempt} of ${attempts}: ${sentence}`);
    }
    all.push(...figures);
    failures.push(...wrong.map(({ sentence }) => sentence));
  }
  if (record) writeFileSync(file, `${JSON.stringify(recordOf(all), null, 2)}\n`);
  else failures.push(...missing(recorded, all));
  return { figures: all, failures };
}

/** Keeps only the figures of an idle run that do not depend on the machine. */
function prefixed(part: string, figures: readonly Figure[]): Figure[] {
  return figures
    .filter(({ exact }) => part !== 'idle' || exact)
    .map((figure) => ({ ...figure, name: `${part}: ${figure.name}` }));
}

export function recordOf(figures: readonly Figure[]): Recorded {
  const recorded: Recorded = { ratios: {}, counts: {} };
  for (const figure of figures) {
    if (figure.exact) recorded.counts[figure.name] = median(figure.values);
    else if (figure.to) recorded.ratios[figure.name] = Math.round(median(ratios(figure)) * 100) / 100;
  }
  return recorded;
}

interface Worse {
  name: string;
  sentence: string;
}

/** Figures that are worse than recorded. */
export function compare(recorded: Recorded, figures: readonly Figure[]): Worse[] {
  const now = recordOf(figures);
  const isRate = new Set(figures.filter(({ unit }) => unit.endsWith('/s')).map(({ name }) => name));
  const wrong: Worse[] = [];
  for (const [name, count] of Object.entries(now.counts)) {
    const before = recorded.counts[name];
    if (before === undefined || count > before)
      wrong.push({ name, sentence: `${name}: ${short(count)}; ${told(before)} recorded.` });
  }
  for (const [name, ratio] of Object.entries(now.ratios)) {
    const before = recorded.ratios[name];
    const good =
      before !== undefined && (isRate.has(name) ? ratio >= before / allowedFactor : ratio <= before * allowedFactor);
    if (!good) wrong.push({ name, sentence: `${name}: ratio ${short(ratio)}; ${told(before)} recorded.` });
  }
  return wrong;
}

function told(before: number | undefined): string {
  return before === undefined ? 'nothing' : short(before);
}

/** Recorded figures that are no longer measured: the file needs a new recording. */
function missing(recorded: Recorded, figures: readonly Figure[]): string[] {
  const names = new Set(figures.map(({ name }) => name));
  return [...Object.keys(recorded.ratios), ...Object.keys(recorded.counts)]
    .filter((name) => !names.has(name))
    .map((name) => `${name}: recorded, but not measured.`);
}
