import { type CollectorSettings, resolveCollector } from '../src/settings/collector.js';
import type { Dependencies } from './dependencies.js';

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
