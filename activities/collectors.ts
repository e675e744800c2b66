import { TrawlError } from '../src/errors.js';
import { collectorRows, resolveOffloading, sourceOfCollector } from '../src/settings/collector.js';
import { fingerprintOf } from '../src/settings/fingerprint.js';
import { collectorNames, requireKnown } from '../src/settings/names.js';
import { neededSinks, type OffloadSettings } from '../src/settings/offload.js';
import { openSource } from '../src/sources/open.js';
import type { Source, SourceClient } from '../src/sources/source.js';
import type { Dependencies } from './dependencies.js';
import { getEnvironmentVariables } from './settings.js';

export function strangeSinks(collector: string, strange: readonly string[], sinks: readonly string[]): TrawlError {
  const has =
    sinks.length === 0 ? 'has no sink' : `is not offloaded to ${strange.join(', ')} (its sinks: ${sinks.join(', ')})`;
  return new TrawlError('SETTINGS_INVALID', `Collector ${collector} ${has}.`, {
    hint: `Name its sinks: trawl env set ${collector} offload=SINK.`,
  });
}

export interface OpenCollector {
  source: Source;
  client: SourceClient;
}

/** Opens collectors from their settings. Reuses a client, with its token and connections, until its settings change. */
export class Collectors {
  readonly #dependencies: Dependencies;
  readonly #open = new Map<string, { fingerprint: string; opened: OpenCollector }>();

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  /** @throws TrawlError COLLECTOR_UNKNOWN or SETTINGS_INVALID; not retried. */
  async open(collector: string): Promise<OpenCollector> {
    const { http, observer, sources } = this.#dependencies;
    const settings = await getEnvironmentVariables(this.#dependencies, collector);
    const source = sources.find(({ kind }) => kind === settings.source)!;
    const fingerprint = fingerprintOf(settings.source, settings.values);
    const known = this.#open.get(collector);
    if (known?.fingerprint === fingerprint) return known.opened;
    const observed = observer ? http.observed((exchange) => observer.exchange(collector, source.kind, exchange)) : http;
    const opened = { source, client: openSource(source, settings, observed) };
    this.#open.set(collector, { fingerprint, opened });
    return opened;
  }

  /**
   * Returns the source of a collector. Needs none of its secrets.
   * @throws TrawlError COLLECTOR_UNKNOWN or SETTINGS_INVALID; not retried.
   */
  async source(collector: string): Promise<Source> {
    const { store, sources, env } = this.#dependencies;
    return sourceOfCollector(collector, sources, await store.settings(), env);
  }

  /**
   * A collector's sinks and retention. None of its secrets is needed.
   * @throws TrawlError COLLECTOR_UNKNOWN or SETTINGS_INVALID; not retried.
   */
  async offloading(collector: string): Promise<OffloadSettings> {
    const { store, sources, env } = this.#dependencies;
    const table = await store.settings();
    const settings = resolveOffloading(collector, sources, table, env);
    // Nearly every collector is set up, and the store then need not be asked which it has.
    if (!collectorNames(sources, table, env).includes(collector)) await this.require(collector);
    return settings;
  }

  /**
   * Guards writes to a collector's rows: a mistyped name must not create any.
   * @throws TrawlError COLLECTOR_UNKNOWN if it is neither set up nor has rows in the store; not retried.
   */
  async require(collector: string): Promise<void> {
    requireKnown(collector, await this.#names());
  }

  /** True if a collector is set up or has rows in the store. */
  async has(collector: string): Promise<boolean> {
    return (await this.#names()).includes(collector);
  }

  /**
   * Guards what leaves the store: events go to the collector's own sinks, whoever asks.
   * @throws TrawlError SETTINGS_INVALID if one of these is not a sink of the collector, or as `offloading` does; not
   *   retried.
   */
  async requireSinks(collector: string, wanted: readonly string[]): Promise<void> {
    const { offload: sinks = [] } = await this.offloading(collector);
    const strange = wanted.filter((name) => !sinks.includes(name));
    if (strange.length === 0) return;
    throw strangeSinks(collector, strange, sinks);
  }

  /** @throws TrawlError as `neededSinks` does. */
  async sinks(collector: string): Promise<readonly string[]> {
    const { store, env } = this.#dependencies;
    return neededSinks(collector, collectorRows(await store.settings(), collector), env);
  }

  async #names(): Promise<string[]> {
    const { store, sources, env } = this.#dependencies;
    const setUp = collectorNames(sources, await store.settings(), env);
    return [...new Set([...setUp, ...(await store.collectors())])].sort();
  }
}
