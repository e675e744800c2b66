import { randomUUID } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import type { SettingsChange } from '../../environment.js';
import { TrawlError } from '../../errors.js';
import { settingsChange } from '../../settings/change.js';
import { checkTableRows, collectorBoundProblems, everySetting } from '../../settings/collector.js';
import { isRequired, sinkPrefix } from '../../settings/definition.js';
import { sinks } from '../../sinks/registry.js';
import { checkSinkRows, everySinkSetting, sinkBoundProblems } from '../../sinks/resolve.js';
import { sources } from '../../sources/registry.js';
import type { Store } from '../../stores/store.js';
import type { Context } from '../context.js';
import { tell } from '../output.js';
import { WrongCall } from '../wrong-call.js';

/** `trawl env set NAME KEY=VALUE …`: U02. */
export async function envSet(context: Context, name: string, assignments: readonly string[]): Promise<number> {
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
  const place = name.startsWith(sinkPrefix) || setsUp(rows) ? context.settings.realStore : context.settings.store;
  // A store is created only for valid settings: once there is one, nothing is collected from the demo team any more.
  const existing = await context.storeIfAny(place);
  const stored = (await existing?.settings())?.[name] ?? {};
  if (name.startsWith(sinkPrefix)) checkSinkRows(name, rows, stored, sinks);
  else checkTableRows(name, rows, stored, sources, 'store');
  const store = existing ?? (await context.openStore(place));
  await store.setSettings(name, rows, [], changeBy('trawl env set', name));
  for (const problem of await refusedHere(context, store, name)) tell(`${name}: ${problem}`);
  return 0;
}

/** `trawl env unset NAME KEY …` */
export async function envUnset(context: Context, name: string, keys: readonly string[]): Promise<number> {
  const store = await context.existingStore();
  const stored = (await store.settings())[name] ?? {};
  const missing = keys.filter((key) => !(key in stored));
  if (missing.length > 0) {
    throw new TrawlError('SETTINGS_INVALID', `Nothing was removed: ${missing.join(', ')} is not set for ${name}.`, {
      hint: '"trawl env get" shows the settings.',
    });
  }
  await store.setSettings(name, {}, keys, changeBy('trawl env unset', name));
  return 0;
}

/** What a worker with the settings of this process would refuse in the table. Another may have other bounds. */
async function refusedHere(context: Context, store: Store, name: string): Promise<string[]> {
  const table = await store.settings();
  const env = context.environment();
  return name.startsWith(sinkPrefix)
    ? sinkBoundProblems(name.slice(sinkPrefix.length), sinks, table, env)
    : collectorBoundProblems(name, sources, table, env);
}

/** The change that the execution log tells of. */
function changeBy(verb: string, name: string): SettingsChange {
  const kinds = name.startsWith(sinkPrefix) ? everySinkSetting(sinks) : everySetting(sources);
  return settingsChange(`${verb} by ${userName()} on ${hostname()}`, randomUUID(), kinds);
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user may have no name.
    return `user ${process.getuid?.() ?? 'unknown'}`;
  }
}

/** True if these rows set up the user's own collector, which does not belong in the demo team's store. */
function setsUp(rows: Readonly<Record<string, string>>): boolean {
  const required = sources.flatMap((source) => source.settings).filter(isRequired);
  return Object.keys(rows).some((key) => key === 'source' || required.some((setting) => key.startsWith(setting.key)));
}
