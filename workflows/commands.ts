import {
  CancellationScope,
  condition,
  log,
  patched,
  setDefaultSignalHandler,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { type CommandKind, commandKey, commandOf } from '../src/inputs/commands.js';
import { failureCode, failureSentence } from './failure.js';
import { clearEventsSignal, resetCheckpointSignal } from './messages.js';
import { commandActivities, stepOptions } from './options.js';
import type { ProgressReport } from './progress.js';

export interface Command {
  kind: CommandKind;
  /** Carried to the store, where the same key takes effect once. */
  key: string;
  /** Of `clearEvents`: also events that a sink lacks. Left out where it is not said. */
  force?: true;
}

/**
 * The commands that reach a run as signals. Handlers only note one; a loop beside the walk carries them out in their
 * order, several of a kind at once. A walk need not be stopped for that: the store refuses pages that were read
 * before a reset, and the walk then begins again.
 *
 * A command that fails for good holds up no other: it leaves a line in the execution log, and the run fails at its end.
 */
export class Commands {
  readonly #collector: string;
  readonly #report: ProgressReport;
  readonly #noted: Command[];
  /** Counts every command of this run, those carried over included. */
  #taken: number;
  #done = 0;
  #busy = false;
  #stopped = false;
  /** In a run of an earlier version, where a failed command made the run forget all others; thrown once. */
  #failure: unknown;
  #forgets = false;
  /** How often the checkpoint has been reset by this run. */
  resets = 0;

  /** @param carried commands that were noted before the walk continued as new. */
  constructor(collector: string, report: ProgressReport, carried: readonly Command[] = []) {
    this.#collector = collector;
    this.#report = report;
    this.#noted = [...carried];
    this.#taken = carried.length;
    // Signals that came before this line are handed to each handler when it is set, so that their order would be lost
    // between the two: this one gets all of them, in their order.
    setDefaultSignalHandler((name, options) => this.#note(name, options));
    setHandler(resetCheckpointSignal, () => this.#note(resetCheckpointSignal.name));
    setHandler(clearEventsSignal, (options) => this.#note(clearEventsSignal.name, options));
    void CancellationScope.nonCancellable(() => this.#carryOut()).catch((error: unknown) => {
      this.#failure = error;
      this.#forgets = true;
      this.#noted.length = 0;
      this.#busy = false;
    });
  }

  /** Whether a command was noted that has neither taken effect nor failed yet. */
  get pending(): boolean {
    return this.#noted.length > 0 || this.#busy || this.#failure !== undefined;
  }

  /** Resolves when every command noted until now has taken effect or failed. Not interrupted by a cancellation. */
  async settled(): Promise<void> {
    const target = this.#taken;
    await CancellationScope.nonCancellable(() => condition(() => this.#failure !== undefined || this.#done >= target));
    this.#throwFailure();
  }

  /** Stops carrying out commands and takes those that are left: for continue-as-new. Not interrupted by a cancellation. */
  async take(): Promise<Command[]> {
    this.#stopped = true;
    await CancellationScope.nonCancellable(() => condition(() => !this.#busy));
    this.#throwFailure();
    return this.#noted.splice(0);
  }

  #throwFailure(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure === undefined) return;
    this.#done = this.#taken;
    throw failure;
  }

  #note(signal: string, options?: unknown): void {
    const command = commandOf(signal, options);
    if (this.#forgets) return;
    if (command === undefined) {
      log.warn('A signal of an unknown name is passed over', { name: signal });
      return;
    }
    if (!command.understood) log.warn('The input of the signal clearEvents is passed over: it is not {"force":true}');
    this.#taken += 1;
    const { workflowId, runId } = workflowInfo();
    const { kind, force } = command;
    this.#noted.push({ kind, key: commandKey(workflowId, runId, this.#taken), ...(force ? { force } : {}) });
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
      try {
        await commandActivities[kind].executeWithOptions(options, [
          { collector: this.#collector, keys, ...(force ? { force } : {}) },
        ]);
        if (kind === 'resetCheckpoint') this.resets += 1;
      } catch (error) {
        if (!patched('a failed command holds up no other')) throw error;
        await this.#tellFailure(kind, keys, error);
      }
      this.#done += keys.length;
      this.#busy = false;
    }
  }

  async #tellFailure(kind: CommandKind, keys: string[], error: unknown): Promise<void> {
    const failure = { command: kind, message: failureSentence(error), code: failureCode(error) ?? 'UNEXPECTED' };
    this.#report.commandFailed(failure);
    const options = stepOptions(this.#collector, 'command', `${this.#collector}: ${kind} failed`);
    await commandActivities.writeExecutionLog
      .executeWithOptions(options, [
        { collector: this.#collector, failure: `${failure.message} [${failure.code}]`, command: { kind, keys } },
      ])
      // Of a collector that does not exist nothing is written.
      .catch(() => undefined);
  }
}
