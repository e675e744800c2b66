import { join } from 'node:path';
import { TrawlError } from '../../errors.js';
import { answerBounds, HttpClient } from '../../http/client.js';
import type { CollectorSettings } from '../../settings/collector.js';
import { resolveCollector } from '../../settings/collector.js';
import { sinkPrefix } from '../../settings/definition.js';
import { sinkOf, sinks } from '../../sinks/registry.js';
import { resolveSink } from '../../sinks/resolve.js';
import { sources } from '../../sources/registry.js';
import type { Store } from '../../stores/store.js';
import { CheckLines } from '../check/lines.js';
import { checkRights, type Guarded, secretFiles } from '../check/rights.js';
import { checkSource, sourceChecks } from '../check/source.js';
import { type CheckedStore, checkStore } from '../check/store.js';
import { checkTemporal } from '../check/temporal.js';
import type { Context } from '../context.js';
import { print, printJson } from '../output.js';

/** Timeout for a sink. */
const sinkMaxMs = 30_000;

/**
 * `trawl check [NAME…]`: checks the store and, for each collector or for these, settings, network, credentials, role, a
 * first page (nothing is stored), clock and each sink; then Temporal, and the rights of other users. A skipped check says
 * why.
 * @returns 1 if any check failed.
 */
export async function check(context: Context, names: readonly string[], options: { json?: boolean }): Promise<number> {
  const lines = new CheckLines();
  const checked = await checkStore(context, lines);
  const chosen = names.length > 0 ? [...new Set(names)] : await context.presentCollectors(checked.store);
  if (chosen.length === 0)
    lines.failed(
      'collectors',
      new TrawlError('COLLECTOR_UNKNOWN', 'No collector is set up.', {
        hint: 'Set one up with "trawl init", or try a demo team with "trawl up".',
      }),
    );
  const sinksOf = new Set<string>();
  for (const name of chosen) {
    // One after the other: together they could exceed the limit of one API.
    lines.about(name, chosen.length > 1);
    for (const sink of await checkCollector(context, lines, checked, name)) sinksOf.add(sink);
  }
  lines.about(null);
  for (const sink of sinksOf) await checkSink(context, lines, checked, sink);
  await checkTemporal(context, lines, checked.store);
  await checkProof(context, lines);
  checkRights(lines, await guarded(context, checked, chosen, [...sinksOf]));
  if (options.json) await printJson(lines.all);
  else await print(lines.text(process.stdout.columns || undefined));
  return lines.ok ? 0 : 1;
}

/** What is not signed is collected all the same. */
async function checkProof(context: Context, lines: CheckLines): Promise<void> {
  const signer = await context.signer().catch(() => undefined);
  if (signer) lines.passed('proof', `signed by ${signer.vkey}`);
  else lines.skipped('proof', 'no key signs it: "trawl proof key FILE" makes one (PROOF_UNSIGNED)');
}

/** @returns its sinks */
async function checkCollector(
  context: Context,
  lines: CheckLines,
  checked: CheckedStore,
  name: string,
): Promise<readonly string[]> {
  const settings = await checkSettings(context, lines, checked, name);
  if (settings) {
    await checkSource(context, lines, settings, checked.store);
    return settings.values.offload ?? [];
  }
  for (const one of sourceChecks) lines.skipped(one, 'this check needs valid settings');
  return [];
}

/** The known files and folders that other users must not read or write. */
async function guarded(
  context: Context,
  { store }: CheckedStore,
  names: readonly string[],
  offload: readonly string[],
): Promise<Guarded> {
  const { env, dataDir, store: place } = context.settings;
  const table = (await store?.settings().catch(() => undefined)) ?? {};
  const rows = [...names, ...offload.map((sink) => `${sinkPrefix}${sink}`)].map((one) => table[one] ?? {});
  const files = secretFiles(env, rows);
  files.push(['.env', join(process.cwd(), '.env')]);
  if (place.kind === 'sqlite') files.push(['the store', place.path]);
  const folders = offload.flatMap((sink) => {
    try {
      const { kind, values } = resolveSink(sink, sinks, table, env);
      return kind === 'files' ? [[`the sink ${sink}`, String(values.path)] as const] : [];
    } catch {
      // The check of the sink says what is wrong.
      return [];
    }
  });
  return { files, folders: [['the data folder', dataDir], ...folders] };
}

/** Uses only the environment if the store cannot be read. @returns undefined if the settings are invalid. */
async function checkSettings(
  context: Context,
  lines: CheckLines,
  { store, known }: CheckedStore,
  name: string,
): Promise<CollectorSettings | undefined> {
  try {
    const settings = store
      ? await context.collectorSettings(store, name)
      : resolveCollector(name, sources, {}, context.environment());
    const by = known ? '' : ', from the environment alone';
    lines.passed('settings', `source ${settings.source}${by}`);
    return settings;
  } catch (error) {
    if (!known && (error as TrawlError).code === 'COLLECTOR_UNKNOWN')
      lines.skipped('settings', 'they are not in the environment, and the store cannot be read');
    else lines.failed('settings', error);
    return undefined;
  }
}

async function checkSink(context: Context, lines: CheckLines, { store, known }: CheckedStore, sink: string) {
  if (!known) lines.skipped(`sink ${sink}`, 'the store, which may contain its settings, cannot be read');
  else
    await lines.attempt(
      `sink ${sink}`,
      () => tried(context, store, sink),
      (place) => place,
    );
}

/** Writes something that it can remove again, if the sink allows it. */
async function tried(context: Context, store: Store | undefined, name: string): Promise<string> {
  const { env, tuning } = context.settings;
  const settings = resolveSink(name, sinks, (await store?.settings()) ?? {}, env);
  const http = new HttpClient(answerBounds(tuning.answerSeconds), env);
  const client = sinkOf(settings.kind).open(settings.values, { http, env });
  const signal = AbortSignal.timeout(sinkMaxMs);
  try {
    await client.check(signal);
    return `${settings.kind} ${client.place}`;
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new TrawlError('SINK_UNAVAILABLE', `${client.place} has not answered within ${sinkMaxMs / 1000} s.`, {
      hint: 'Check the sink, and the network in between.',
      cause: error,
    });
  } finally {
    await client.close();
    await http.close();
  }
}
