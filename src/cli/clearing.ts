import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline/promises';
import { counted } from '../counted.js';
import { TrawlError } from '../errors.js';
import { collectorRows } from '../settings/collector.js';
import { collectorNames } from '../settings/names.js';
import { neededSinks } from '../settings/offload.js';
import { sourceKinds } from '../sources/kinds.js';
import { inSteps, removedAtOnce } from '../stores/in-steps.js';
import type { Store } from '../stores/store.js';
import type { Context } from './context.js';

/** The stored events of a collector, and those that a sink lacks. */
export interface Clearable {
  events: number;
  sinks: readonly string[];
  lacking: number;
}

/** @throws TrawlError SETTINGS_INVALID if the setting that names the sinks is invalid */
export async function clearable(context: Context, store: Store, name: string): Promise<Clearable> {
  const sinks = await sinksOf(context, store, name);
  const lacking = sinks.length > 0 ? await store.offload.backlog(name, sinks, Number.MAX_SAFE_INTEGER) : 0;
  return { events: await store.eventCount(name), sinks, lacking };
}

/** The sinks that must have an event before it is cleared: of a collector that is not set up any more, those it sent to. */
export async function sinksOf(context: Context, store: Store, name: string): Promise<readonly string[]> {
  const table = await store.settings();
  const sinks = neededSinks(name, collectorRows(table, name), context.settings.env);
  if (sinks.length > 0 || collectorNames(sourceKinds, table, context.environment()).includes(name)) return sinks;
  const cursors = await store.offload.cursors(name);
  return cursors.filter(({ series }) => series === '').map(({ sink }) => sink);
}

/**
 * Clears all events, also those that are left of a clearing that was interrupted.
 * @param retry the call that clears them although a sink lacks some
 * @throws TrawlError INPUT_INVALID if a sink lacks some; nothing is cleared then
 */
export async function clearAll(
  store: Store,
  name: string,
  { sinks, force, retry }: { sinks: readonly string[]; force: boolean; retry: string },
): Promise<void> {
  const refusal = await store.clearEvents(name, [`cli/${randomUUID()}`], sinks, force);
  if (refusal !== null) {
    throw new TrawlError('INPUT_INVALID', `${refusal}.`, {
      hint: `Offload them first ("trawl offload ${name}"). To delete them anyway: ${retry}`,
    });
  }
  await inSteps(() => store.removeCleared(name, removedAtOnce));
}

/** Says which events are lost if they are deleted; empty if each sink has them. */
export function lostText({ lacking, sinks }: Clearable): string {
  if (lacking === 0) return '';
  return ` ${counted(lacking, 'of them has', 'of them have')} not reached every sink (${sinks.join(', ')}).`;
}

/** Asks on the terminal. */
export async function isSure(question: string, name: string): Promise<boolean> {
  const dialogue = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await dialogue.question(`${question} Type its name to continue: `);
  dialogue.close();
  return answer.trim() === name;
}
