import { sentence, TrawlError } from '../errors.js';
import type { Store } from '../stores/store.js';
import type { Context } from './context.js';
import { print, printJson, tell } from './output.js';
import { WrongCall } from './wrong-call.js';

/** Options of verbs that accept several collectors. */
export interface EachOptions {
  all?: boolean;
  json?: boolean;
}

/** The collectors that a call names, or all of them. */
export async function chosenCollectors(
  context: Context,
  store: Store | undefined,
  names: readonly string[],
  all = false,
): Promise<string[]> {
  if (all === names.length > 0) throw new WrongCall('Name the collectors, or all of them with --all.', 'See --help.');
  if (!all) return [...new Set(names)];
  const found = await context.presentCollectors(store);
  if (found.length > 0) return found;
  throw new WrongCall('No collector is set up.', 'Set one up with "trawl init", or name the collectors.');
}

interface CollectorAnswer {
  json: object;
  /** Null if everything is said already. */
  text: string | null;
}

const atOneTime = 8;

/**
 * Does the same for each collector, and reports the results in order. A failure for one of several does not stop the
 * others.
 */
export async function eachCollector(
  names: readonly string[],
  { json, all }: EachOptions,
  act: (name: string) => Promise<CollectorAnswer>,
): Promise<number> {
  const answers: CollectorAnswer[] = [];
  let failed = 0;
  for (let first = 0; first < names.length; first += atOneTime) {
    const group = names.slice(first, first + atOneTime);
    for (const [place, result] of (await Promise.allSettled(group.map(act))).entries()) {
      if (result.status === 'rejected') {
        if (names.length === 1 || !(result.reason instanceof TrawlError)) throw result.reason;
        failed += 1;
        tell(`${group[place]}: ${sentence(result.reason)} [${result.reason.code}]`);
      } else if (json) answers.push(result.value);
      else if (result.value.text !== null) await print(`${result.value.text}\n`);
    }
  }
  if (json) {
    const values = answers.map((answer) => answer.json);
    await printJson(names.length === 1 && !all ? values[0] : values);
  }
  return failed > 0 ? 1 : 0;
}
