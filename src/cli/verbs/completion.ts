import type { Command } from 'commander';
import { collectorNames } from '../../settings/collector.js';
import { sinkNames } from '../../sinks/resolve.js';
import { sources } from '../../sources/registry.js';
import { answeringWithin } from '../../stores/place.js';
import type { Store } from '../../stores/store.js';
import { type Shell, scripts } from '../completion/scripts.js';
import { behindBreak, candidates, type Names, rejoined } from '../completion/words.js';
import { Context } from '../context.js';
import { print, printable } from '../output.js';

/** Limits how long a press of Tab waits for the store. */
const storeMaxMs = 1_000;

/** `trawl completion SHELL`: prints the script with which the shell calls `complete`. */
export async function completion(shell: Shell): Promise<number> {
  await print(scripts[shell]);
  return 0;
}

/** Answers a shell that calls `__complete SHELL WORD…`; prints nothing if there are no candidates. */
export async function complete(program: Command, [shell, ...given]: readonly string[]): Promise<number> {
  const words = shell === 'bash' ? rejoined(given) : given;
  const found = await candidates(program, words, namesHere).catch(() => []);
  const shown = found.map(({ value, description }) => {
    const text = shell === 'bash' ? behindBreak(value, words.at(-1) ?? '') : value;
    return `${printable(text)}\t${printable(description)}\n`;
  });
  await print(shown.join(''));
  return 0;
}

const namesHere: Names = {
  collectors: () =>
    withStore(async (context, store) => [
      ...(store ? await context.collectors(store) : collectorNames(sources, {}, context.settings.env)),
    ]),
  sinks: () => withStore(async (context, store) => sinkNames((await store?.settings()) ?? {}, context.settings.env)),
};

/** Gets names with the store, or from the environment alone if the store does not answer. */
async function withStore(
  namesOf: (context: Context, store: Store | undefined) => Promise<string[]>,
): Promise<string[]> {
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
