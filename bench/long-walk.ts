import { startBed } from './bed.js';
import { withFastTeam } from './demo-teams.js';
import { type Figure, median, whole } from './figures.js';
import { peakBytes } from './processes.js';
import type { Sizes, StoreKind } from './sizes.js';
import { type BenchStore, query, type Stores, storeNames } from './stores.js';

const windowPages = 100;

interface Walked {
  peakMb: number;
  eventsPerSecond: number;
  /** ms per page, by the number of stored events at that point. */
  pageMs: Map<number, number>;
}

/** Measures real collections from the demo team in a separate worker process: its memory, and how the pace changes. */
export async function longWalks(
  stores: Stores,
  kind: StoreKind,
  { runs, events, longEvents, longRuns, growth }: Pick<Sizes, 'runs' | 'events' | 'longEvents' | 'longRuns' | 'growth'>,
): Promise<Figure[]> {
  const times = async (count: number, of: number): Promise<Walked[]> => {
    const walked: Walked[] = [];
    for (let run = 0; run < count; run += 1) walked.push(await walkOnce(stores, kind, of, growth));
    return walked;
  };
  const short = await times(runs, events);
  console.error(`${kind}: a walk of ${whole(longEvents)} events …`);
  const long = await times(longRuns, longEvents);
  const name = (of: number) => `${storeNames[kind]}, a walk of ${whole(of)} events`;
  const peaks = (walked: Walked[]) => walked.map(({ peakMb }) => peakMb);
  const rates = (walked: Walked[]) => walked.map(({ eventsPerSecond }) => eventsPerSecond);
  const memory = 'MB, peak of the worker';
  const figures: Figure[] = [
    { name: name(events), unit: memory, values: peaks(short) },
    {
      name: name(longEvents),
      unit: memory,
      values: peaks(long),
      to: { name: name(events), values: [median(peaks(short))] },
    },
    { name: name(events), unit: 'events/s', values: rates(short) },
    {
      name: name(longEvents),
      unit: 'events/s',
      values: rates(long),
      to: { name: name(events), values: [median(rates(short))] },
    },
  ];
  const first = growth[0]!;
  for (const at of growth) {
    const values = long.flatMap(({ pageMs }) => pageMs.get(at) ?? []);
    const base = long.flatMap(({ pageMs }) => pageMs.get(first) ?? []);
    if (values.length === 0) continue;
    const to = at === first ? {} : { to: { name: `at ${whole(first)}`, values: base } };
    figures.push({
      name: `${storeNames[kind]}, a page of that walk at ${whole(at)} events`,
      unit: 'ms/page',
      values,
      ...to,
    });
  }
  return figures;
}

async function walkOnce(stores: Stores, kind: StoreKind, events: number, at: readonly number[]): Promise<Walked> {
  const store = await stores.make(kind);
  try {
    return await withFastTeam({ events, latencyMs: 0 }, async (env) => {
      const bed = await startBed({ store, env });
      try {
        const startedAt = performance.now();
        await bed.collect();
        const seconds = (performance.now() - startedAt) / 1_000;
        const peakMb = peakBytes(bed.worker.pid!) / 1_048_576;
        return { peakMb, eventsPerSecond: events / seconds, pageMs: await paceAt(store, events, at) };
      } finally {
        await bed.close();
      }
    });
  } finally {
    await store.remove();
  }
}

/** From the ledger: 100 pages from that point on, or the last ones before the end. */
async function paceAt(store: BenchStore, events: number, at: readonly number[]): Promise<Map<number, number>> {
  const committed = new Map<number, number>();
  for (const { number, committedAt } of await query<{ number: number | string; committedAt: string }>(
    store.place,
    'SELECT number, committed_at AS "committedAt" FROM audit_pages',
  ))
    committed.set(Number(number), Date.parse(committedAt));
  const pace = new Map<number, number>();
  for (const stored of at) {
    if (stored > events) continue;
    const to = Math.min(stored / 1_000 + windowPages, committed.size);
    const from = Math.max(1, to - windowPages);
    const [begun, done] = [committed.get(from), committed.get(to)];
    if (begun !== undefined && done !== undefined && to > from) pace.set(stored, (done - begun) / (to - from));
  }
  return pace;
}
