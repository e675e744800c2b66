import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TrawlError } from '../errors.js';
import type { Logger } from '../log.js';
import { closeToOthers } from '../private-files.js';
import type { Signer } from '../proof/note.js';
import type { CollectorSettings } from '../settings/collector.js';
import { sinkPrefix } from '../settings/definition.js';
import { collectorNames, requireKnown } from '../settings/names.js';
import type { OffloadSettings } from '../settings/offload.js';
import { sourceKinds } from '../sources/kinds.js';
import { LinkWatch } from '../stores/link.js';
import { mayExist } from '../stores/place.js';
import { openStore } from '../stores/registry.js';
import type { SqliteAccess } from '../stores/sqlite/database.js';
import type { Store } from '../stores/store.js';
import { runningInstance } from '../temporal/instance.js';
import type { CollectorHealth } from '../watch/collectors.js';
import { liveLine } from './live-line.js';
import { tell } from './output.js';
import { type ProcessSettings, proofKeyFile, readProcessSettings } from './process-settings.js';

/** Settings and resources that every verb shares. */
export class Context {
  readonly settings: ProcessSettings;
  /** How the connections to the store are protected. */
  readonly link = new LinkWatch();
  readonly #closing: (() => Promise<void>)[] = [];
  #closed = false;
  #logger: Promise<Logger> | undefined;
  #madeKey: string | undefined;

  constructor() {
    this.settings = readProcessSettings(process.cwd(), process.env);
  }

  /** @param level used if TRAWL_LOG_LEVEL is not set. */
  logger(level?: string): Promise<Logger> {
    this.#logger ??= import('../log.js').then(({ createLogger }) =>
      createLogger(this.settings.env, { level, above: (write) => liveLine.above(write) }),
    );
    return this.#logger;
  }

  /** Opens the store, and creates it if there is none yet. */
  async openStore(place = this.settings.store, access: SqliteAccess = 'read'): Promise<Store> {
    const watched = place.kind === 'postgres' ? { ...place, onLink: this.link.note } : place;
    const store = await openStore(watched, access, await this.signer());
    this.onClose(() => store.close());
    return store;
  }

  /** Makes a key that signs the proof of completeness of a SQLite store that is not there yet, unless one is set. */
  async signNewStore(): Promise<void> {
    const { dataDir, store, proofKey } = this.settings;
    if (proofKey !== undefined || store.kind !== 'sqlite' || existsSync(store.path)) return;
    const { newSigningKey } = await import('../proof/note.js');
    const key = newSigningKey('trawl');
    try {
      mkdirSync(dataDir, { recursive: true });
      writeFileSync(join(dataDir, proofKeyFile), `${key}\n`, { flag: 'wx', mode: 0o600 });
      this.#madeKey = key;
    } catch {
      // Another process is making it, or the folder cannot be written to, which opening the store says in better words.
    }
  }

  /** Says which key signs. */
  async tellSigner(): Promise<void> {
    const signer = await this.signer();
    if (signer) tell(`The proof of completeness is signed by ${signer.vkey}`);
  }

  /** Signs proofs of completeness, if a key is set. The key is not repeated in the message. */
  async signer(): Promise<Signer | undefined> {
    const proofKey = this.settings.proofKey ?? this.#madeKey;
    if (proofKey === undefined) return undefined;
    const signer = (await import('../proof/rotation.js')).keysSigner(proofKey);
    if (signer) return signer;
    throw new TrawlError('SETTINGS_INVALID', 'The file that TRAWL_PROOF_KEY_FILE names has no key.', {
      hint: 'Make one with "trawl proof key FILE".',
    });
  }

  /** Removes other users' access to existing files. Verbs that create files call it first. */
  closeFilesToOthers(): void {
    const { dataDir, store } = this.settings;
    const { closed, refused } = closeToOthers(dataDir, store.kind === 'sqlite' ? store.path : undefined);
    if (closed.length > 0)
      tell(`Other users had access to ${closed.join(', ')}; it is now removed. Access of the group is unchanged.`);
    if (refused.length > 0)
      tell(
        `Other users have access to ${refused.join(', ')}, which another user owns: its owner must run "chmod o-rwx".`,
      );
  }

  /** @throws TrawlError NOT_RUNNING if nothing has been collected here yet. */
  async existingStore(place = this.settings.store): Promise<Store> {
    const store = await this.storeIfAny(place);
    if (store) return store;
    throw new TrawlError('NOT_RUNNING', `There is no store at ${place.name} yet.`, {
      hint: 'Collect first ("trawl up" or "trawl collect NAME"), or name the right folder in TRAWL_DATA.',
    });
  }

  async storeIfAny(place = this.settings.store, access: SqliteAccess = 'read'): Promise<Store | undefined> {
    return mayExist(place) ? this.openStore(place, access) : undefined;
  }

  /** The collectors that are set up or have rows in the store, if there is one. */
  async collectors(store: Store | undefined): Promise<string[]> {
    const configured = collectorNames(sourceKinds, (await store?.settings()) ?? {}, this.environment());
    return [...new Set([...configured, ...((await store?.collectors()) ?? [])])].sort();
  }

  /** The same without those that `trawl remove` has removed: their events are still there, but nothing collects them. */
  async presentCollectors(store: Store | undefined): Promise<string[]> {
    const { isAtRest } = await import('../watch/run-failure.js');
    const configured = collectorNames(sourceKinds, (await store?.settings()) ?? {}, this.environment());
    const removed = ((await store?.standings()) ?? []).filter(isAtRest).map(({ collector }) => collector);
    return (await this.collectors(store)).filter((name) => configured.includes(name) || !removed.includes(name));
  }

  /** @throws TrawlError COLLECTOR_UNKNOWN or SETTINGS_INVALID. */
  async collectorSettings(store: Store, name: string): Promise<CollectorSettings> {
    const [{ resolveCollector }, { sources }] = await Promise.all([
      import('../settings/collector.js'),
      import('../sources/registry.js'),
    ]);
    return resolveCollector(name, sources, await store.settings(), this.environment());
  }

  /** Needs none of the source's settings. @throws TrawlError COLLECTOR_UNKNOWN or SETTINGS_INVALID. */
  async offloading(store: Store, name: string): Promise<OffloadSettings> {
    const [{ resolveOffloading }, { sources }] = await Promise.all([
      import('../settings/collector.js'),
      import('../sources/registry.js'),
    ]);
    return resolveOffloading(name, sources, await store.settings(), this.environment());
  }

  /** The environment, with the settings of a demo team if one runs here. */
  environment(): Readonly<Record<string, string>> {
    const { env, dataDir, demo } = this.settings;
    return { ...env, ...(demo ? runningInstance(dataDir)?.demoEnv : {}) };
  }

  /** @throws TrawlError COLLECTOR_UNKNOWN if neither the settings nor the store know the name. */
  async requireCollector(store: Store | undefined, name: string): Promise<void> {
    requireKnown(name, await this.collectors(store));
  }

  /**
   * The same for names of which a worker on another machine may know more: its environment can set up a source of that
   * name.
   */
  async requireReachable(store: Store | undefined, name: string): Promise<void> {
    if (!sourceKinds.some(({ kind }) => kind === name)) await this.requireCollector(store, name);
  }

  /**
   * The same for an owner of rows of the table or of lines of the log: a collector or, as `sink:NAME`, a sink. A sink that
   * has ended keeps its lines.
   * @throws TrawlError COLLECTOR_UNKNOWN or, of a sink, SETTINGS_INVALID
   */
  async requireOwner(store: Store, name: string): Promise<void> {
    if (!name.startsWith(sinkPrefix)) return this.requireCollector(store, name);
    const { sinkNames, unknownSink } = await import('../sinks/names.js');
    const sink = name.slice(sinkPrefix.length);
    const known = sinkNames(await store.settings(), this.settings.env);
    if (known.includes(sink) || (await store.executionLog({ collector: name, limit: 1 })).length > 0) return;
    throw unknownSink(sink, known);
  }

  /** The health of each collector, judged by the store alone. */
  async health(store: Store): Promise<CollectorHealth[]> {
    const { lateAfterRuns } = this.settings;
    const { collectorHealth } = await import('../watch/collectors.js');
    return collectorHealth({ store, sources: sourceKinds, env: this.environment(), lateAfterRuns });
  }

  /** Registers a step for the end of the verb, in reverse order. If the verb has already ended, runs it at once. */
  onClose(close: () => Promise<void>): void {
    if (this.#closed) void close().catch(() => undefined);
    else this.#closing.unshift(close);
  }

  /** Runs all closing steps, even if some fail. @throws the first failure. */
  async close(): Promise<void> {
    this.#closed = true;
    const failures: unknown[] = [];
    for (const close of this.#closing.splice(0)) await close().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }
}
