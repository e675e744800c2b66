import { setImmediate as nextTurn } from 'node:timers/promises';
import { openStore } from '../src/stores/registry.js';
import type { Store } from '../src/stores/store.js';
import { type Figure, type Measured, whole } from './figures.js';
import { Pages, storePage } from './fill.js';
import { longWalks } from './long-walk.js';
import type { Sizes } from './sizes.js';
import { closing, type Stores, storeNames } from './stores.js';

/**
 * Pages per value: enough that each value includes a write-back of the WAL. A store of 10,000 events then has 60,000.
 */
const pagesOfRun = 50;

/** Measures the cost of a page as the store grows, and the memory of a long walk compared with a short one. */
export async function growth(sizes: Sizes, stores: Stores): Promise<Measured> {
  const figures: Figure[] = [];
  for (const kind of sizes.stores) {
    const [small, ...larger] = sizes.growth;
    figures.push(...(await pageCost(stores, kind, small!, larger, sizes.runs)));
  }
  if (sizes.longEvents > 0) for (const kind of sizes.stores) figures.push(...(await longWalks(stores, kind, sizes)));
  return { figures };
}

/** Compares each value with that of a small store made for it. */
function pageCost(
  stores: Stores,
  kind: Sizes['stores'][number],
  small: number,
  larger: readonly number[],
  runs: number,
): Promise<Figure[]> {
  return closing(async (all) => {
    const unit = 'ms/page';
    const of = (events: number) => `${storeNames[kind]}, a page at ${whole(events)} events`;
    const place = await stores.make(kind);
    all.later(() => place.remove());
    const store = await openStore(place.place);
    all.later(() => store.close());
    const most = Math.max(small, ...larger);
    const pages = await Pages.make(most + runs * pagesOfRun * 1_000 * (larger.length + 1));
    const bases: number[] = [];
    const figures: Figure[] = [];
    for (const events of larger) {
      console.error(`${kind}: filling a store with ${whole(events)} events …`);
      await pages.fill(store, events);
      const values: number[] = [];
      const base: number[] = [];
      for (let run = 0; run < runs; run += 1) {
        base.push(await smallStore(stores, kind, small));
        values.push(await msPerPage(store, pages));
      }
      bases.push(...base);
      figures.push({ name: of(events), unit, values, to: { name: `at ${whole(small)}`, values: base } });
    }
    return [{ name: of(small), unit, values: bases }, ...figures];
  });
}

function smallStore(stores: Stores, kind: Sizes['stores'][number], events: number): Promise<number> {
  return closing(async (all) => {
    const place = await stores.make(kind);
    all.later(() => place.remove());
    const store = await openStore(place.place);
    all.later(() => store.close());
    const pages = await Pages.make(events + pagesOfRun * 1_000);
    await pages.fill(store, events);
    return msPerPage(store, pages);
  });
}

async function msPerPage(store: Store, pages: Pages): Promise<number> {
  let ms = 0;
  for (let done = 0; done < pagesOfRun; done += 1) {
    const page = pages.next();
    const startedAt = performance.now();
    await storePage(store, page);
    // Between two pages a worker gets to pending work, such as a WAL that has been written back.
    await nextTurn();
    ms += performance.now() - startedAt;
  }
  return ms / pagesOfRun;
}
