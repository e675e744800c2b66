import type { Environment } from '../src/environment.js';
import type { HttpClient } from '../src/http/client.js';
import type { Observer } from '../src/metrics/observer.js';
import type { Source } from '../src/sources/source.js';
import type { Store } from '../src/stores/store.js';

/** What the activities need of the world; wired by src/worker.ts. */
export interface Dependencies {
  store: Store;
  sources: readonly Source[];
  http: HttpClient;
  /** Environment and .env of the worker: settings and secrets. */
  env: Environment;
  observer?: Observer | undefined;
}
