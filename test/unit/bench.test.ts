import { describe, expect, it } from 'vitest';
import { type Figure, figureTable, ratios } from '../../bench/figures.js';
import { compare, type Recorded, recordOf } from '../../bench/guard.js';
import { readSizes } from '../../bench/sizes.js';

const walk: Figure = {
  name: 'walk: SQLite',
  unit: 'events/s',
  values: [60, 50, 40],
  to: { name: 'bare walk', values: [100, 100, 40] },
};
const page: Figure = { name: 'growth: SQLite', unit: 'ms/page', values: [11], to: { name: 'at 10', values: [10] } };
const requests: Figure = { name: 'idle: requests', unit: 'a run', values: [1, 1, 4], exact: true };

describe('the figures of npm run bench', () => {
  it('are compared with the baseline of the same run', () => {
    expect(ratios(walk)).toEqual([0.6, 0.5, 1]);
    expect(ratios({ ...walk, to: { name: 'bare walk', values: [100, 10, 1_000] } })[1]).toBe(5);
    expect(ratios({ ...walk, to: { name: 'once', values: [100] } })).toEqual([0.6, 0.5, 0.4]);
    expect(ratios(requests)).toEqual([]);
  });

  it('are shown in one table', () => {
    expect(
      figureTable([['walk', [walk, requests]]])
        .split('\n')
        .slice(2),
    ).toEqual([
      '| walk | walk: SQLite | events/s | 50 | 40 to 60 | 0.60 | 0.50 to 1 | bare walk |',
      '| walk | idle: requests | a run | 1 | 1 to 4 |  |  |  |',
    ]);
  });
});

describe('the guard of npm run bench', () => {
  const all = [walk, page, requests];
  const recorded = recordOf(all);
  const worse = (before: Recorded, figures: Figure[]) => compare(before, figures).map(({ sentence }) => sentence);

  it('records ratios and counts', () => {
    expect(recorded).toEqual({
      ratios: { 'walk: SQLite': 0.6, 'growth: SQLite': 1.1 },
      counts: { 'idle: requests': 1 },
    });
    expect(worse(recorded, all)).toEqual([]);
  });

  it('accepts noise', () => {
    const slower = { ...walk, values: [31, 31, 13] };
    const dearer = { ...page, values: [21] };
    expect(worse(recorded, [slower, dearer, { ...requests, values: [0] }])).toEqual([]);
  });

  it('names figures that are worse than noise can explain', () => {
    const slower = { ...walk, values: [29, 29, 11] };
    const dearer = { ...page, values: [23] };
    expect(worse(recorded, [slower, dearer, { ...requests, values: [2] }])).toEqual([
      'idle: requests: 2; 1 recorded.',
      'walk: SQLite: ratio 0.29; 0.60 recorded.',
      'growth: SQLite: ratio 2.30; 1.10 recorded.',
    ]);
  });

  it('fails on figures that were never recorded', () => {
    expect(worse({ ratios: {}, counts: {} }, [page, requests])).toEqual([
      'idle: requests: 1; nothing recorded.',
      'growth: SQLite: ratio 1.10; nothing recorded.',
    ]);
  });
});

describe('the sizes of npm run bench', () => {
  it('come from the environment', () => {
    expect(readSizes({})).toMatchObject({ runs: 5, stores: ['sqlite', 'postgres'], growth: [10_000, 1e6, 5e6] });
    expect(readSizes({ BENCH_RUNS: '2', BENCH_STORES: 'sqlite' })).toMatchObject({ runs: 2, stores: ['sqlite'] });
  });

  it('are refused if they are invalid', () => {
    expect(() => readSizes({ BENCH_RUNS: 'five' })).toThrow('BENCH_RUNS: "five" is not a whole number.');
    expect(() => readSizes({ BENCH_STORES: 'mysql' })).toThrow('BENCH_STORES: "mysql" is not one of sqlite, postgres.');
  });
});
