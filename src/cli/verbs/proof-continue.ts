import { foundFork } from '../../anchoring/anchor.js';
import { reasonOf } from '../../errors.js';
import type { LostHead } from '../../stores/anchors.js';
import type { Store } from '../../stores/store.js';
import type { Context } from '../context.js';
import { print, tell } from '../output.js';
import { openSinks } from '../sinks.js';

/**
 * `trawl proof continue NAME`: begins a new epoch of the proof in a store that was set back.
 * @returns 1 if it was not set back
 */
export async function proofContinue(context: Context, name: string): Promise<number> {
  const store = await context.existingStore();
  await context.requireCollector(store, name);
  const lost = await newestLost(context, store, name);
  if (!(await store.anchors.goOn(name, lost))) {
    tell(`The store has everything of ${name} that its sinks have a head of: there is nothing to continue.`);
    return 1;
  }
  const what = lost ? `The head of ${lost.size} entries is of the history that ended.` : '';
  await print(`The proof of ${name} goes on in a new epoch, and is signed again. ${what}\n`);
  return 0;
}

async function newestLost(context: Context, store: Store, collector: string): Promise<LostHead | null> {
  let newest: LostHead | null = null;
  const { offload = [] } = await context.offloading(store, collector);
  for (const { sink, client } of await openSinks(context, store, offload)) {
    const { proofFolder: folder } = client;
    if (!folder) continue;
    try {
      const found = await foundFork(store, { collector, place: `sink:${sink}`, folder });
      if (found && found.size > (newest?.size ?? 0)) newest = found;
    } catch (error) {
      tell(`Nobody knows which heads ${sink} has: ${reasonOf(error)}`);
    }
  }
  return newest;
}
