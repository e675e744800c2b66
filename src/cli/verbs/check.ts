import { HttpClient } from '../../http/client.js';
import { type CollectorSettings, resolveCollector } from '../../settings/collector.js';
import { offloadSettings } from '../../settings/offload.js';
import { resolveSink } from '../../settings/sinks.js';
import { sinkOf, sinks } from '../../sinks/registry.js';
import { sources } from '../../sources/registry.js';
import type { Store } from '../../stores/store.js';
import { CheckLines } from '../check/lines.js';
import { checkSource } from '../check/source.js';
import { checkStore } from '../check/store.js';
import { checkTemporal } from '../check/temporal.js';
import type { Context } from '../context.js';
import { print, printJson } from '../output.js';

/** A sink that does not answer is not waited for longer. */
const sinkMaxMs = 30_000;

/**
 * `trawl check NAME`: tries store, settings, network, credentials, role, a first page (nothing is stored), clock, each
 * sink and Temporal. What cannot be tried says why.
 * @returns 1 where anything failed.
 */
export async function check(context: Context, name: string, options: { json?: boolean }): Promise<number> {
  const lines = new CheckLines();
  const store = await checkStore(context, lines);
  const settings = await lines.attempt(
    'settings',
    () => settingsOf(context, store, name),
    ({ source }) => `source ${source}`,
  );
  if (settings) {
    await checkSource(context, lines, settings, store);
    for (const sink of offloadSettings(settings.values).sinks)
      await lines.attempt(
        `sink ${sink}`,
        () => tried(context, store, sink),
        (place) => place,
      );
  }
  await checkTemporal(context, lines);
  if (options.json) await printJson(lines.all);
  else await print(lines.text());
  return lines.ok ? 0 : 1;
}

/** Where the store cannot be read, by the environment alone. */
async function settingsOf(context: Context, store: Store | undefined, name: string): Promise<CollectorSettings> {
  return store ? context.collectorSettings(store, name) : resolveCollector(name, sources, {}, context.environment());
}

/** Writes what it can take away again, where the sink lets it. */
async function tried(context: Context, store: Store | undefined, name: string): Promise<string> {
  const { env } = context.settings;
  const settings = resolveSink(name, sinks, (await store?.settings()) ?? {}, env);
  const http = new HttpClient({}, env as NodeJS.ProcessEnv);
  const client = sinkOf(settings.kind).open(settings, { http, env });
  try {
    await client.check(AbortSignal.timeout(sinkMaxMs));
    return `${settings.kind} ${client.place}`;
  } finally {
    await client.close();
    await http.close();
  }
}
