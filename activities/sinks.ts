import { createHash } from 'node:crypto';
import { Secret } from '../src/secret.js';
import { sinkOf, sinks } from '../src/sinks/registry.js';
import { resolveSink } from '../src/sinks/resolve.js';
import type { SinkClient, SinkSettings } from '../src/sinks/sink.js';
import type { Dependencies } from './dependencies.js';

interface OpenSink {
  settings: SinkSettings;
  client: SinkClient;
}

/** Opens sinks from their settings, and keeps their clients, with their connections, while these stay the same. */
export class Sinks {
  readonly #dependencies: Dependencies;
  readonly #open = new Map<string, { fingerprint: string; opened: OpenSink }>();

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  /** @throws TrawlError SETTINGS_INVALID; not retried. */
  async open(name: string): Promise<OpenSink> {
    const { store, http, env } = this.#dependencies;
    const settings = resolveSink(name, sinks, await store.settings(), env);
    const fingerprint = fingerprintOf(settings);
    const known = this.#open.get(name);
    if (known?.fingerprint === fingerprint) return known.opened;
    const opened = { settings, client: sinkOf(settings.kind).open(settings, { http, env }) };
    // The former one may be in use just now; it ends with the process.
    this.#open.set(name, { fingerprint, opened });
    return opened;
  }
}

function fingerprintOf({ kind, values }: SinkSettings): string {
  const texts = Object.entries(values).map(([key, value]) => [key, value instanceof Secret ? value.reveal() : value]);
  return createHash('sha256')
    .update(JSON.stringify([kind, texts]))
    .digest('hex');
}
