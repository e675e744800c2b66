import { collectorNames } from '../../settings/names.js';
import { sinkNames } from '../../sinks/names.js';
import { sourceKinds } from '../../sources/kinds.js';
import { answeringWithin } from '../../stores/place.js';
import type { Store } from '../../stores/store.js';
import { Context } from '../context.js';
import type { Names } from './words.js';

/** Limits how long a press of Tab waits for the store. */
const storeMaxMs = 1_000;

export const namesHere: Names = {
  collectors: () =>
    withStore(async (context, store) => [
      ...(store ? await context.collectors(store) : collectorNames(sourceKinds, {}, context.settings.env)),
    ]),
  sinks: () => withStore(async (context, store) => sinkNames((await store?.settings()) ?? {}, context.settings.env)),
  types: () => withStore(async (_, store) => (store ? newestTypes(store) : [])),
  settings: (name, typed) =>
    withStore(async (_, store) => {
      const { settingsOf } = await import('./settings.js');
      return settingsOf(name, (await store?.settings())?.[name] ?? {}, typed);
    }),
  rows: (name) => withStore(async (_, store) => Object.keys((await store?.settings())?.[name] ?? {})),
};

/** Gets names with the store, or from the environment alone if the store does not answer. */
async function withStore<T>(namesOf: (context: Context, store: Store | undefined) => Promise<T>): Promise<T> {
  const context = new Context();
  try {
    const place = answeringWithin(context.settings.store, storeMaxMs);
    return await namesOf(context, await context.storeIfAny(place)).catch(() => namesOf(context, undefined));
  } catch {
    return await namesOf(context, undefined);
  } finally {
    await context.close();
  }
}

/** Looks at no more events than a press of Tab has time for. */
const typedCollectorsMax = 10;
const typedEventsMax = 300;

async function newestTypes(store: Store): Promise<string[]> {
  const types = new Set<string>();
  for (const collector of (await store.collectors()).slice(0, typedCollectorsMax))
    for (const { type } of await store.latestEvents({ collector, afterSeq: 0 }, typedEventsMax)) types.add(type);
  return [...types].filter(Boolean).sort();
}
