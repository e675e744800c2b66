import { TrawlError } from '../../errors.js';
import type { Context } from '../context.js';
import { print, printJson } from '../output.js';

/** `trawl offload NAME --name REPETITION --drop`: gives up a repetition, so that retention no longer keeps events for it. */
export async function dropRepetition(
  context: Context,
  name: string,
  series: string,
  options: { json?: boolean },
): Promise<number> {
  const store = await context.existingStore();
  await context.requireCollector(store, name);
  const open = await store.offload.dropRepetition(name, series);
  if (open === null) {
    throw new TrawlError('INPUT_INVALID', `${name} has no repetition named ${series}.`, {
      hint: '"trawl status" names those that are not finished.',
    });
  }
  if (options.json) await printJson({ collector: name, series, dropped: open });
  else {
    const batches = open.map(({ sink, number }) => ` Batch ${number} to ${sink} is no longer sent.`).join('');
    await print(`${name}: repetition ${series} dropped.${batches}\n`);
  }
  return 0;
}
