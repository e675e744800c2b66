import { createHash } from 'node:crypto';
import { TrawlError } from '../src/errors.js';
import { Secret } from '../src/secret.js';
import { type CollectorSettings, collectorNames, collectorRows, requireKnown } from '../src/settings/collector.js';
import { neededSinks } from '../src/settings/offload.js';
import type { Source, SourceClient } from '../src/sources/source.js';
import type { Dependencies } from './dependencies.js';
import { getEnvironmentVariables } from './settings.js';

interface OpenCollector {
  source: Source;
  client: SourceClient;
}

/** Opens collectors from their settings, and keeps their clients, with token and connections, while these stay the same. */
export class Collectors {
  readonly #dependencies: Dependencies;
  readonly #open = new Map<string, { fingerprint: string; opened: OpenCollector }>();

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  /** @throws TrawlError COLLECTOR_UNKNOWN or SETTINGS_INVALID; not retried. */
  async open(collector: string): Promise<OpenCollector> {
    const { http, observer } = this.#dependencies;
    const settings = await this.getEnvironmentVariables(collector);
    const source = this.#sourceOf(settings.source);
    const fingerprint = fingerprintOf(settings);
    const known = this.#open.get(collector);
    if (known?.fingerprint === fingerprint) return known.opened;
    const observed = observer ? http.observed((exchange) => observer.exchange(collector, source.kind, exchange)) : http;
    const opened = { source, client: source.open(settings, observed) };
    this.#open.set(collector, { fingerprint, opened });
    return opened;
  }

  /** The kind of source of a collector, without opening it. */
  async source(collector: string): Promise<Source> {
    return this.#sourceOf((await this.getEnvironmentVariables(collector)).source);
  }

  /**
   * For what is done to a collector's rows: a mistyped name must not make any.
   * @throws TrawlError COLLECTOR_UNKNOWN where it is neither set up nor has anything stored; not retried.
   */
  async require(collector: string): Promise<void> {
    requireKnown(collector, await this.#names());
  }

  /** Whether a collector is set up or has anything stored. */
  async has(collector: string): Promise<boolean> {
    return (await this.#names()).includes(collector);
  }

  /** @throws TrawlError as `neededSinks` does. */
  async sinks(collector: string): Promise<string[]> {
    const { store, env } = this.#dependencies;
    return neededSinks(collector, collectorRows(await store.settings(), collector), env);
  }

  async #names(): Promise<string[]> {
    const { store, sources, env } = this.#dependencies;
    const setUp = collectorNames(sources, await store.settings(), env);
    return [...new Set([...setUp, ...(await store.collectors())])].sort();
  }

  /** U01 Get env vars. @throws TrawlError COLLECTOR_UNKNOWN or SETTINGS_INVALID; not retried. */
  async getEnvironmentVariables(collector: string): Promise<CollectorSettings> {
    return getEnvironmentVariables(this.#dependencies, collector);
  }

  #sourceOf(kind: string): Source {
    const source = this.#dependencies.sources.find((candidate) => candidate.kind === kind);
    if (source) return source;
    throw new TrawlError('SETTINGS_INVALID', `There is no source ${kind}.`, { hint: 'Upgrade this worker.' });
  }
}

function fingerprintOf(settings: CollectorSettings): string {
  const values = Object.entries(settings.values).map(([key, value]) => [
    key,
    value instanceof Secret ? value.reveal() : value,
  ]);
  return createHash('sha256')
    .update(JSON.stringify([settings.source, values]))
    .digest('hex');
}
