import type { Environment } from '../src/environment.js';
import type { HttpClient } from '../src/http/client.js';
import type { Observer } from '../src/metrics/observer.js';
import type { TemporalSettings } from '../src/settings/through-temporal.js';
import type { Source } from '../src/sources/source.js';
import type { Store } from '../src/stores/store.js';

/** External dependencies of the activities, wired in src/worker.ts. */
export interface Dependencies {
  store: Store;
  sources: readonly Source[];
  http: HttpClient;
  /** The worker's environment and .env: settings and secrets. */
  env: Environment;
  observer?: Observer | undefined;
  /** Settings and commands that are accepted through Temporal; `safe` if absent. */
  temporalSettings?: TemporalSettings;
}
