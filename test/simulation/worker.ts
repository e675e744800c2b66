import { MockActivityEnvironment } from '@temporalio/testing';
import type { Activities } from '../../activities/index.js';
import { createActivities } from '../../activities/index.js';
import { TrawlError } from '../../src/errors.js';
import type { HttpClient } from '../../src/http/client.js';
import { sources } from '../../src/sources/registry.js';
import type { SqliteStore } from '../../src/stores/sqlite/store.js';
import type { Store } from '../../src/stores/store.js';
import type { Disk } from './disk.js';
import { type Kernel, type Owner, owners } from './kernel.js';

const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, log() {} };

type Info = NonNullable<ConstructorParameters<typeof MockActivityEnvironment>[0]>;

/** One attempt at an activity. It may go on after the server has given it up. */
export interface Attempt extends Owner {
  readonly worker: Worker;
  /** Settles when the server has the result. */
  readonly done: Promise<unknown>;
  cancel(): void;
}

/** What a worker shares with others. */
export interface Surroundings {
  kernel: Kernel;
  disk: Disk;
  http: HttpClient;
  env: Record<string, string>;
  /** Probability that a call of the store fails. */
  storeFails(): number;
  /** Rows of cleared events that are removed at once, at most. */
  removedAtOnce: number;
  /** Called before each call of the store; what it returns is called after it. */
  watch(store: SqliteStore, method: string, args: unknown[]): Promise<(result: unknown) => Promise<void>>;
}

/** A process with the project's activities and a connection to the store. */
export class Worker {
  readonly name: string;
  readonly store: SqliteStore;
  readonly #activities: Activities;
  readonly #surroundings: Surroundings;
  dead = false;
  stopped = false;

  constructor(name: string, surroundings: Surroundings) {
    this.name = name;
    this.#surroundings = surroundings;
    this.store = surroundings.disk.open();
    const { http, env } = surroundings;
    const store = this.#gated(this.store, this.#gated(this.store.offload)) as unknown as Store;
    this.#activities = createActivities({ store, sources, http, env });
  }

  attempt(
    { label, name, input }: { label: string; name: string; input: unknown },
    info: Info,
    onHeartbeat: (details: unknown) => void,
  ): Attempt {
    const environment = new MockActivityEnvironment(info, { logger: silent as never });
    environment.on('heartbeat', onHeartbeat);
    const worker = this;
    const owner: Owner = {
      name: `${this.name} ${label}`,
      get dead() {
        return worker.dead;
      },
      get stopped() {
        return worker.stopped;
      },
    };
    const activity = this.#activities[name as keyof Activities] as (input: unknown) => Promise<unknown>;
    const done = owners.run(owner, async () => {
      // The server may not learn of the result, or only after it has given the attempt up.
      const report = () => this.#surroundings.kernel.gate('reports');
      const result = environment.run(activity, input);
      await result.then(report, report);
      return result;
    });
    done.catch(() => undefined);
    return Object.assign(owner, { worker, done, cancel: () => environment.cancel() }) as Attempt;
  }

  /** Ends the process as `kill -9` does. */
  die(): void {
    this.dead = true;
    void this.store.close();
  }

  /** A store whose calls wait for their turn. */
  #gated<T extends object>(target: T, offload?: object): T {
    const { kernel, disk, storeFails, watch, removedAtOnce } = this.#surroundings;
    return new Proxy(target, {
      get: (_, member) => {
        const value = Reflect.get(target, member, target) as unknown;
        if (typeof value !== 'function') return member === 'offload' ? offload : value;
        return async (...given: unknown[]) => {
          const method = String(member);
          const args = method === 'removeCleared' ? [given[0], removedAtOnce] : given;
          await kernel.gate(method);
          if (kernel.random.chance(storeFails())) throw storeFailure(kernel);
          const done = await watch(this.store, method, args);
          const result = (await value.apply(target, args)) as unknown;
          disk.wrote();
          await done(result);
          return result;
        };
      },
    });
  }
}

function storeFailure({ random }: Kernel): TrawlError {
  const code = random.pick(['STORE_BUSY', 'STORE_FULL', 'STORE_READ_ONLY', 'STORE_FAILED'] as const);
  return new TrawlError(code, 'The disk is out of order.', { hint: 'It is tried again.' });
}
