import { type CollectorSettings, checkTableRows, resolveCollector } from '../src/settings/collector.js';
import type { Dependencies } from './dependencies.js';
import type { ActivityInput } from './types.js';

/**
 * U01 Get env vars: a collector's settings. The Environment Variables table overrides the worker's environment.
 * @throws TrawlError COLLECTOR_UNKNOWN or SETTINGS_INVALID; not retried.
 */
export async function getEnvironmentVariables(
  { store, sources, env }: Dependencies,
  collector: string,
): Promise<CollectorSettings> {
  return resolveCollector(collector, sources, await store.settings(), env);
}

/**
 * U02 Set env vars, through Temporal. The input stays in the history, so secrets are refused.
 * @throws TrawlError SECRET_REFUSED or SETTINGS_INVALID; not retried.
 */
export async function setEnvironmentVariables(
  { store, sources }: Dependencies,
  { collector, variables }: ActivityInput<'setEnvironmentVariables'>,
): Promise<void> {
  const stored = (await store.settings())[collector] ?? {};
  checkTableRows(collector, variables, stored, sources, { guarded: false });
  await store.setSettings(collector, variables, []);
}
