import { TrawlError } from '../../errors.js';
import { checkTableRows, collectorBoundProblems } from '../../settings/collector.js';
import { isRequired, sinkPrefix } from '../../settings/definition.js';
import { instead } from '../../similar.js';
import { sinks } from '../../sinks/registry.js';
import { checkSinkRows, sinkBoundProblems } from '../../sinks/resolve.js';
import { sources } from '../../sources/registry.js';
import { mayExist } from '../../stores/place.js';
import type { Store } from '../../stores/store.js';
import type { Context } from '../context.js';
import { leavesTheDemo } from '../demo-beside.js';
import { printJson, tell } from '../output.js';
import { changeBy } from '../settings-by.js';
import { WrongCall } from '../wrong-call.js';

interface ChangeOptions {
  json?: boolean;
  /** Uses the settings of the user's own collectors, even while the demo runs. */
  own?: boolean;
}

/**
 * `trawl env set NAME KEY=VALUE …`: U02. While the demo runs, settings are those of the demo, which is what the other
 * verbs speak to. Those that set up a collector of the user's own begin the move away from it: that needs a yes.
 * @throws TrawlError INPUT_INVALID if there is no terminal to ask on, unless `--own` is given
 */
export async function envSet(
  context: Context,
  name: string,
  assignments: readonly string[],
  { own = false, json = false }: ChangeOptions = {},
): Promise<number> {
  const rows: Record<string, string> = {};
  for (const assignment of assignments) {
    const at = assignment.indexOf('=');
    if (at < 1) {
      // The message does not repeat it: it may be a secret typed by mistake.
      throw new WrongCall(
        'An assignment must have the form KEY=VALUE.',
        'For example: trawl env set asa searchCount=500',
      );
    }
    rows[assignment.slice(0, at)] = assignment.slice(at + 1);
  }
  const { demo, demoRuns, realStore } = context.settings;
  const isOwn = own || setsUp(rows) || (name.startsWith(sinkPrefix) && !demoRuns);
  const place = isOwn ? realStore : context.settings.store;
  // A store is created only for valid settings: once there is one, nothing is collected from the demo team any more.
  const existing = await context.storeIfAny(place);
  const stored = (await existing?.settings())?.[name] ?? {};
  if (name.startsWith(sinkPrefix)) checkSinkRows(name, rows, stored, sinks);
  else checkTableRows(name, rows, stored, sources, 'store');
  if (demo && demoRuns && isOwn && !own && !(await mayLeaveTheDemo(name, realStore.name))) {
    tell('Nothing was set.');
    if (json) await printJson({ name, set: [], problems: [] });
    return 1;
  }
  if (demo && isOwn && !existing) tellOfMove(context);
  const store = existing ?? (await context.openStore(place));
  await store.setSettings(name, rows, [], changeBy('trawl env set', name));
  const problems = await refusedHere(context, store, name);
  for (const problem of problems) tell(`${name}: ${problem}`);
  // Without the values: some may be secret.
  if (json) await printJson({ name, set: Object.keys(rows), problems });
  return 0;
}

/** `trawl env unset NAME KEY …` */
export async function envUnset(
  context: Context,
  name: string,
  keys: readonly string[],
  { own = false, json = false }: ChangeOptions = {},
): Promise<number> {
  const store = await context.existingStore(own ? context.settings.realStore : undefined);
  const table = await store.settings();
  if (!table[name]) await context.requireOwner(store, name);
  const stored = table[name] ?? {};
  const missing = keys.filter((key) => !(key in stored));
  if (missing.length > 0) {
    const similar = instead(missing[0]!, Object.keys(stored));
    throw new TrawlError(
      'SETTINGS_INVALID',
      `Nothing was removed: ${missing.join(', ')} is not set for ${name}${similar}.`,
      { hint: '"trawl env get" shows the settings.' },
    );
  }
  await store.setSettings(name, {}, keys, changeBy('trawl env unset', name));
  if (json) await printJson({ name, unset: keys });
  return 0;
}

async function mayLeaveTheDemo(name: string, own: string): Promise<boolean> {
  const what = `The demo runs here, and ${name} would be a collector of your own, which the demo does not collect: its settings go to ${own}`;
  if (process.stdin.isTTY) {
    const { askWhether, Cancelled } = await import('../init/dialogue.js');
    return askWhether(`${what}. Set them?`).catch((error: unknown) => {
      if (error instanceof Cancelled) return false;
      throw error;
    });
  }
  throw new TrawlError('INPUT_INVALID', `Nothing was set. ${what}.`, {
    hint: 'Set them with --own, or end the demo first (Ctrl-C where "trawl up" runs).',
  });
}

/** A store of one's own ends the demo: at once, or when it has ended by itself. */
function tellOfMove({ settings: { demoRuns, dataDir, store, realStore } }: Context): void {
  if (demoRuns)
    tell(
      `The demo still runs, and commands are about it. When you have ended it (Ctrl-C where "trawl up" runs), they are about your own data (${realStore.name}): start again with "trawl up".`,
    );
  else if (mayExist(store)) tell(leavesTheDemo(realStore.name, dataDir));
}

/** Problems that a worker with the settings of this process would find in the table. Other workers may differ. */
async function refusedHere(context: Context, store: Store, name: string): Promise<string[]> {
  const table = await store.settings();
  const env = context.environment();
  return name.startsWith(sinkPrefix)
    ? sinkBoundProblems(name.slice(sinkPrefix.length), sinks, table, env)
    : collectorBoundProblems(name, sources, table, env);
}

/** True if these rows set up the user's own collector, which does not belong in the demo team's store. */
function setsUp(rows: Readonly<Record<string, string>>): boolean {
  const required = sources.flatMap((source) => source.settings).filter(isRequired);
  return Object.keys(rows).some((key) => key === 'source' || required.some((setting) => key.startsWith(setting.key)));
}
