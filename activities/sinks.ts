import { fingerprintOf } from '../src/settings/fingerprint.js';
import { sinkOf, sinks } from '../src/sinks/registry.js';
import { resolveSink, type SinkSettings } from '../src/sinks/resolve.js';
import type { FileForm, SinkClient } from '../src/sinks/sink.js';
import type { Dependencies } from './dependencies.js';

interface OpenSink {
  settings: SinkSettings;
  /** Set for a sink that writes files. */
  fileForm: FileForm | undefined;
  client: SinkClient;
}

/** Opens sinks from their settings. A client, with its connections, is reused until its settings change. */
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
    const fingerprint = fingerprintOf(settings.kind, settings.values);
    const known = this.#open.get(name);
    if (known?.fingerprint === fingerprint) return known.opened;
    const sink = sinkOf(settings.kind);
    const client = sink.open(settings.values, { http, env });
    const opened = { settings, fileForm: sink.fileForm?.(settings.values), client };
    // The previous client may be in use; it ends with the process.
    this.#open.set(name, { fingerprint, opened });
    return opened;
  }
}
