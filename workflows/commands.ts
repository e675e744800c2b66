import {
  CancellationScope,
  condition,
  log,
  setDefaultSignalHandler,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { clearOptions } from './input.js';
import { clearEventsSignal, resetCheckpointSignal } from './messages.js';
import { commandActivities, stepOptions } from './options.js';

export interface Command {
  kind: 'resetCheckpoint' | 'clearEvents';
  /** Carried to the store, where the same key takes effect once. */
  key: string;
  /** Of `clearEvents`: also events that a sink lacks. Left out where it is not said. */
  force?: true;
}

/**
 * The commands that reach a run as signals. Handlers only note one; a loop beside the walk carries them out in their
 * order, several of a kind at once. A walk need not be stopped for that: the store refuses pages that were read
 * before a reset, and the walk then begins again.
 */
export class Commands {
  readonly #collector: string;
  readonly #noted: Command[];
  /** Counts every command of this run, those carried over included. */
  #taken: number;
  #done = 0;
  #busy = false;
  #stopped = false;
  #failure: unknown;
  /** How often the checkpoint has been reset by this run. */
  resets = 0;

  /** @param carried commands that were noted before the walk continued as new. */
  constructor(collector: string, carried: readonly Command[] = []) {
    this.#collector = collector;
    this.#noted = [...carried];
    this.#taken = carried.length;
    // Signals that came before this line are handed to each handler when it is set, so that their order would be lost
    // between the two: this one gets all of them, in their order.
    setDefaultSignalHandler((name, options) => {
      if (name === resetCheckpointSignal.name) this.#note('resetCheckpoint');
      else if (name === clearEventsSignal.name) this.#note('clearEvents', options);
      else log.warn('A signal of an unknown name is passed over', { name });
    });
    setHandler(resetCheckpointSignal, () => this.#note('resetCheckpoint'));
    setHandler(clearEventsSignal, (options) => this.#note('clearEvents', options));
    void CancellationScope.nonCancellable(() => this.#carryOut()).catch((error: unknown) => {
      this.#failure = error;
    });
  }

  /** Whether a command was noted that has not taken effect yet. */
  get pending(): boolean {
    return this.#noted.length > 0 || this.#busy;
  }

  /**
   * Resolves when every command noted until now has taken effect. Not interrupted by a cancellation.
   * @throws the store's failure where one could not be carried out.
   */
  async settled(): Promise<void> {
    const target = this.#taken;
    await CancellationScope.nonCancellable(() => condition(() => this.#failure !== undefined || this.#done >= target));
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Stops carrying out commands and takes those that are left: for continue-as-new. Not interrupted by a cancellation. */
  async take(): Promise<Command[]> {
    this.#stopped = true;
    await CancellationScope.nonCancellable(() => condition(() => !this.#busy || this.#failure !== undefined));
    if (this.#failure !== undefined) throw this.#failure;
    return this.#noted.splice(0);
  }

  #note(kind: Command['kind'], options?: unknown): void {
    this.#taken += 1;
    const { workflowId, runId } = workflowInfo();
    const force = options !== undefined && options !== null && this.#isForced(options);
    this.#noted.push({ kind, key: `${workflowId}/${runId}/${this.#taken}`, ...(force ? { force } : {}) });
  }

  #isForced(options: unknown): boolean {
    const parsed = clearOptions.safeParse(options);
    if (!parsed.success) log.warn('The input of the signal clearEvents is passed over: it is not {"force":true}');
    return parsed.data?.force ?? false;
  }

  async #carryOut(): Promise<void> {
    for (;;) {
      await condition(() => this.#noted.length > 0 && !this.#stopped);
      this.#busy = true;
      const { kind, force } = this.#noted[0]!;
      const other = this.#noted.findIndex((command) => command.kind !== kind || command.force !== force);
      const keys = this.#noted.splice(0, other === -1 ? this.#noted.length : other).map((command) => command.key);
      const summary = `${this.#collector}: asked for by signal${keys.length > 1 ? ` (${keys.length} times)` : ''}`;
      const options = stepOptions(this.#collector, 'command', summary);
      await commandActivities[kind].executeWithOptions(options, [
        { collector: this.#collector, keys, ...(force ? { force } : {}) },
      ]);
      if (kind === 'resetCheckpoint') this.resets += 1;
      this.#done += keys.length;
      this.#busy = false;
    }
  }
}
