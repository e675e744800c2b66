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
import { commandActivities, lastActivities, stepOptions } from './options.js';
import type { ProgressReport } from './progress.js';

export interface Command {
  kind: CommandKind;
  /** Passed on to the store, where each key takes effect once. */
  key: string;
  /** For `clearEvents`: also clears events that a sink lacks. Absent if not requested. */
  force?: true;
}

/** Lines of the execution log about ignored signals, for each run: a flood of signals must not become one of lines. */
const ignoredMax = 10;

/**
 * The commands that reach a run as signals. Handlers only note a command; a loop beside the walk carries commands out
 * in order, consecutive ones of the same kind together. The walk does not have to stop for that: the store refuses
 * pages that were read before a reset, and the walk then starts again.
 *
 * A command that fails for good does not hold up the others: it leaves a line in the execution log, and the run fails
 * at its end.
 */
export class Commands {
  readonly #collector: string;
  readonly #report: ProgressReport;
  readonly #noted: Command[];
  /** Counts every command of this run, including those carried over. */
  #taken: number;
  #done = 0;
  #busy = false;
  #stopped = false;
  #ignored = 0;
  /** Lines about ignored signals that are being written. */
  #telling = 0;
  /** Set only when a run of an earlier version is replayed: there, a failed command made the run forget all others. */
  #failure: unknown;
  #forgets = false;
  /** The number of times this run has reset the checkpoint. */
  resets = 0;

  /** @param carried commands noted before the walk continued as new. */
  constructor(collector: string, report: ProgressReport, carried: readonly Command[] = []) {
    this.#collector = collector;
    this.#report = report;
    this.#noted = [...carried];
    this.#taken = carried.length;
    // Signals that arrived before this line are handed to a handler when it is set. With two handlers their order
    // would be lost; the default handler receives all of them, in order.
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

  /** True while a noted command has neither taken effect nor failed. */
  get pending(): boolean {
    return this.#noted.length > 0 || this.#busy || this.#telling > 0 || this.#failure !== undefined;
  }

  /** Resolves when every command noted so far has taken effect or failed. A cancellation does not interrupt it. */
  async settled(): Promise<void> {
    const target = this.#taken;
    await CancellationScope.nonCancellable(() =>
      condition(() => this.#failure !== undefined || (this.#done >= target && this.#telling === 0)),
    );
    this.#throwFailure();
  }

  /** Resolves when no command is pending. A cancellation does not interrupt it. */
  async drained(): Promise<void> {
    while (this.pending) await this.settled();
  }

  /** Stops carrying out commands and returns the rest, for continue-as-new. A cancellation does not interrupt it. */
  async take(): Promise<Command[]> {
    this.#stopped = true;
    await CancellationScope.nonCancellable(() => condition(() => !this.#busy && this.#telling === 0));
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
      log.warn('Ignoring a signal with an unknown name', { name: signal });
      this.#tellIgnored(signal);
      return;
    }
    if (!command.understood) log.warn('Ignoring the input of the signal clearEvents: it is not {"force":true}');
    this.#taken += 1;
    const { workflowId, runId } = workflowInfo();
    const { kind, force } = command;
    this.#noted.push({ kind, key: commandKey(workflowId, runId, this.#taken), ...(force ? { force } : {}) });
  }

  #tellIgnored(signal: string): void {
    this.#ignored += 1;
    if (this.#ignored > ignoredMax || !patched('ignored signals are logged')) return;
    this.#telling += 1;
    const options = stepOptions(this.#collector, 'command', `${this.#collector}: ignored a signal`);
    const input = { collector: this.#collector, ignoredSignal: signal.slice(0, 1_000) };
    void CancellationScope.nonCancellable(() => lastActivities.writeExecutionLog.executeWithOptions(options, [input]))
      // The worker's log has it.
      .catch(() => undefined)
      .then(() => {
        this.#telling -= 1;
      });
  }

  async #carryOut(): Promise<void> {
    for (;;) {
      await condition(() => this.#noted.length > 0 && !this.#stopped);
      this.#busy = true;
      const { kind, force } = this.#noted[0]!;
      const other = this.#noted.findIndex((command) => command.kind !== kind || command.force !== force);
      const keys = this.#noted.splice(0, other === -1 ? this.#noted.length : other).map((command) => command.key);
      const summary = `${this.#collector}: requested by signal${keys.length > 1 ? ` (${keys.length} times)` : ''}`;
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
      // The activity refuses to write a line for a collector that does not exist.
      .catch(() => undefined);
  }
}
