import { counted } from '../../counted.js';
import { TrawlError } from '../../errors.js';
import { isRequired, sinkPrefix } from '../../settings/definition.js';
import { isSecretForTables } from '../../settings/secret-variables.js';
import { isSet } from '../../settings/texts.js';
import { sourceKinds } from '../../sources/kinds.js';
import { inSteps, removedAtOnce } from '../../stores/in-steps.js';
import type { Store } from '../../stores/store.js';
import { type Clearable, clearAll, clearable, isSure, lostText } from '../clearing.js';
import type { Context } from '../context.js';
import { findTemporal } from '../find-temporal.js';
import { print, printJson, tell } from '../output.js';
import { changeBy } from '../settings-by.js';
import { connectForStore } from '../temporal-session.js';
import { WrongCall } from '../wrong-call.js';

interface RemoveOptions {
  /** Clears the events, too. */
  events?: boolean;
  yes?: boolean;
  /** Clears events that a sink lacks. */
  force?: boolean;
  json?: boolean;
}

/**
 * `trawl remove NAME`: ends what runs for a collector, then removes its settings, its checkpoint and the expectation of
 * runs; asks first. Its name goes last, so that the same call continues if this one is interrupted.
 * @throws TrawlError INPUT_INVALID without a terminal, unless `--yes` or `--force` is given, or if a sink lacks events
 */
export async function remove(context: Context, name: string, options: RemoveOptions): Promise<number> {
  if (name.startsWith(sinkPrefix))
    throw new WrongCall(
      `${name} is a sink, not a collector.`,
      `Remove its settings: trawl env unset ${name} KEY …; "trawl env get ${name}" shows them.`,
    );
  const store = await context.existingStore();
  await context.requireCollector(store, name);
  const again = `trawl remove ${name}${options.events ? ' --events' : ''}`;
  if (!options.yes && !options.force && !process.stdin.isTTY) {
    throw new TrawlError('INPUT_INVALID', 'Nothing was removed: there is no terminal to ask on.', {
      hint: `To remove ${name}: ${again} --yes`,
    });
  }
  const found = await clearable(context, store, name);
  // Before anything is removed: a server that does not answer may still run it.
  const address = await findTemporal(context);
  const client = address ? await connectForStore(context, address, store) : undefined;
  const asks = process.stdin.isTTY && !options.force && (!options.yes || (options.events && found.lacking > 0));
  if (asks && !(await isSure(questionOf(name, found, options), name))) {
    tell('Nothing was removed.');
    return 1;
  }
  const force = options.force === true || (asks === true && found.lacking > 0);
  if (options.events && !force && found.lacking > 0) requireSent(name, found, again);
  const runs = client
    ? await (await import('../../temporal/collection.js')).endAll(client, name, `Removed with "trawl remove"`)
    : 'unknown';
  if (options.events) {
    await clearAll(store, name, { sinks: found.sinks, force, retry: `${again} --force` });
    const before = { related: new Date().toISOString() };
    await inSteps(() => store.offload.prune(name, { before, rowsMax: removedAtOnce }));
  }
  const secrets = secretsOf(context, (await store.settings())[name] ?? {});
  const removed = await store.removeCollector(name, changeBy('trawl remove', name));
  await report(context, store, { name, removed, runs, found, options });
  if (secrets.length > 0)
    tell(`Not used by ${name} any more: ${secrets.join(', ')}. Remove what nobody else uses, and revoke the key.`);
  return 0;
}

interface Removal {
  name: string;
  /** False if there was nothing left but what stays. */
  removed: boolean;
  runs: 'stopped' | 'stopping' | 'unknown';
  found: Clearable;
  options: RemoveOptions;
}

async function report(context: Context, store: Store, { name, removed, runs, found, options }: Removal): Promise<void> {
  const { pages, lastSeq } = await store.checkpoint(name);
  const stays = { events: options.events ? 0 : found.events, pages, rejected: await store.rejectedCount(name) };
  const variables = variablesOf(context, name);
  if (options.json) {
    const cleared = options.events ? found.events : 0;
    await printJson({ collector: name, removed, runs, cleared, stays, setUpBy: variables });
  } else {
    await print(
      `${name}: ${removed ? 'removed' : 'nothing to remove'}${options.events ? `, ${counted(found.events, 'event')} cleared` : ''}\n`,
    );
    if (stays.events > 0)
      tell(
        `${counted(stays.events, 'event')} of ${name} stay${stays.events === 1 ? 's' : ''}: "trawl events ${name}" shows them, "trawl remove ${name} --events" clears them.`,
      );
    tell(
      `What else stays is evidence: the ledger (${counted(pages, 'page')}, ${counted(lastSeq, 'number')} of events), the log ("trawl log ${name}")${stays.rejected > 0 ? `, ${counted(stays.rejected, 'rejected event')}` : ''}. docs/operating.md says how to delete it.`,
    );
  }
  if (runs === 'stopping') tell(`A run of ${name} is cancelled, and ends as soon as a worker runs.`);
  if (runs === 'unknown')
    tell(
      `No Temporal server is running here, and none is configured. If one has a recurring collection of ${name}, call this again once it runs.`,
    );
  if (variables.length > 0)
    tell(
      `${variables.join(', ')} still set${variables.length === 1 ? 's' : ''} up ${name}: remove ${variables.length === 1 ? 'it' : 'them'} from .env or the environment of each worker, or the next start collects again.`,
    );
}

/** The variables for secrets that its rows name and that are set here. */
function secretsOf({ settings: { env } }: Context, rows: Readonly<Record<string, string>>): string[] {
  return Object.values(rows).filter((value) => isSecretForTables(value) && isSet(env[value]));
}

/** Variables that set up a collector of this name, whatever the table says. */
function variablesOf({ settings: { env } }: Context, name: string): string[] {
  const settings = sourceKinds.find(({ kind }) => kind === name)?.settings ?? [];
  return settings
    .filter(isRequired)
    .flatMap(({ env: variable }) => [variable, `${variable}_FILE`])
    .filter((variable) => isSet(env[variable]));
}

function questionOf(name: string, found: Clearable, { events }: RemoveOptions): string {
  const count = counted(found.events, 'event');
  if (events) return `Remove ${name}, and delete its ${count}?${lostText(found)}`;
  return `Remove ${name}: its settings, checkpoint and recurring collection? Its ${count} stay${found.events === 1 ? 's' : ''}.${lostText(found)}`;
}

/** As `trawl clear` refuses it, but before anything has ended. */
function requireSent(name: string, { lacking, sinks }: Clearable, again: string): void {
  throw new TrawlError(
    'INPUT_INVALID',
    `Nothing was removed: ${counted(lacking, 'event has', 'events have')} not reached every sink (${sinks.join(', ')}).`,
    { hint: `Offload them first ("trawl offload ${name}"). To delete them anyway: ${again} --force` },
  );
}
