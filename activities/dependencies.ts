import type { Environment } from '../src/environment.js';
import type { HttpClient } from '../src/http/client.js';
import type { CommandKind } from '../src/inputs/commands.js';
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
  /**
   * The commands that were sent to a run of the collector's recurring collection: none if it is a run of something else,
   * and null if the server no longer has it. Without this, keys of other workflows are refused.
   */
  commandsSentTo?: (
    collector: string,
    run: { workflowId: string; runId: string },
  ) => Promise<readonly SentCommands[] | null>;
}

/** Commands of one kind, by their keys. */
interface SentCommands {
  kind: CommandKind;
  force: boolean;
  keys: readonly string[];
}
