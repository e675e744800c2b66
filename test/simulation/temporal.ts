import { ApplicationFailure, ChildWorkflowFailure, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import * as workflows from '../../workflows/index.js';
import { type Choice, type Kernel, settled } from './kernel.js';
import { Task } from './task.js';
import type { Worker } from './worker.js';
import {
  CancellationScope,
  type ChildOptions,
  ContinueAsNew,
  deliver,
  type Execution,
  inExecution,
} from './workflow-runtime.js';

export interface Signal {
  name: string;
  args: unknown[];
}

interface Start {
  type: string;
  id: string;
  args: unknown[];
  /** Set for a run that a cron starts. */
  cron?: string;
  /** Signals that arrived before the run began. */
  signals?: readonly Signal[];
}

interface Outcome {
  result?: unknown;
  error?: unknown;
}

/** One run of a workflow. */
class Run implements Execution {
  readonly start: Start;
  readonly info: Record<string, unknown>;
  readonly root = new CancellationScope({ root: true });
  readonly conditions: Execution['conditions'] = new Set();
  readonly handlers: Execution['handlers'] = new Map();
  otherSignals: Execution['otherSignals'];
  readonly unhandled: Signal[];
  /** What the next task of the workflow brings. */
  readonly inbox: { signal: boolean; take(): void }[] = [];
  readonly tasks = new Set<Task>();
  readonly children: { run: Run; terminates: boolean }[] = [];
  outcome: Outcome | undefined;
  onClosed: (outcome: Outcome) => void;
  readonly #temporal: Temporal;
  #activities = 0;

  constructor(temporal: Temporal, start: Start, runId: string, onClosed: (outcome: Outcome) => void) {
    this.#temporal = temporal;
    this.start = start;
    this.unhandled = [...(start.signals ?? [])];
    this.onClosed = onClosed;
    this.info = {
      workflowId: start.id,
      runId,
      cronSchedule: start.cron,
      searchAttributes: {},
      memo: {},
      historyLength: 3,
      continueAsNewSuggested: false,
    };
    this.post(() => this.#begin());
  }

  post(take: () => void, { signal = false, events = 4 } = {}): void {
    const length = (this.info.historyLength as number) + events;
    Object.assign(this.info, { historyLength: length, continueAsNewSuggested: length >= this.#temporal.suggestsAt });
    this.inbox.push({ signal, take });
  }

  #begin(): void {
    const code = (workflows as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>)[this.start.type]!;
    inExecution(this, () => code(...this.start.args)).then(
      (result) => {
        this.outcome = { result };
      },
      (error: unknown) => {
        this.outcome = { error };
      },
    );
  }

  /** One workflow task. */
  async activate(): Promise<void> {
    this.#temporal.onTask(this.start.id, false);
    const jobs = this.inbox.splice(0);
    for (const { take } of jobs.filter(({ signal }) => signal)) inExecution(this, take);
    for (const { take } of jobs.filter(({ signal }) => !signal)) inExecution(this, take);
    await settled();
    for (;;) {
      const met = [...this.conditions].filter(({ holds }) => holds());
      if (met.length === 0) break;
      for (const condition of met) condition.met();
      await settled();
    }
    if (this.outcome) this.#temporal.closed(this, this.outcome);
  }

  activity(name: string, input: unknown, options: object) {
    this.#activities += 1;
    const task = new Task(this.#temporal, this, { id: String(this.#activities), name, input, options });
    this.tasks.add(task);
    return { result: task.result, cancel: () => task.cancel() };
  }

  timer(ms: number, ring: () => void): () => void {
    const { clock } = this.#temporal.kernel;
    const alarm = clock.alarm(ms, () => this.post(ring));
    return () => clock.cancel(alarm);
  }

  async child(type: string, { workflowId, args, parentClosePolicy }: ChildOptions) {
    let closed: (outcome: Outcome) => void = () => {};
    const result = new Promise<unknown>((resolve, reject) => {
      closed = ({ result: done, error }) =>
        this.post(() => (error === undefined ? resolve(done) : reject(childFailure(type, workflowId, error))));
    });
    result.catch(() => undefined);
    // The start takes a task of the server's.
    const started = new Promise<void>((resolve) => this.post(resolve));
    this.#temporal.onTask(this.start.id, true);
    await started;
    const run = this.#temporal.begin({ type, id: workflowId, args }, closed);
    this.children.push({ run, terminates: parentClosePolicy !== 'ABANDON' });
    return { result: () => result, cancel: () => this.#temporal.cancel(workflowId), runId: String(run.info.runId) };
  }
}

function childFailure(type: string, workflowId: string, error: unknown): ChildWorkflowFailure {
  const cause = error instanceof Error ? error : new Error(String(error));
  return new ChildWorkflowFailure('default', { workflowId }, type, 'NON_RETRYABLE_FAILURE', cause);
}

/** The server: starts workflows, hands their activities to workers, keeps to time-outs and retries. */
export class Temporal {
  readonly kernel: Kernel;
  readonly workers: Worker[] = [];
  readonly #runs = new Map<string, Run>();
  /** How the last run of each workflow failed. */
  readonly failures = new Map<string, string>();
  /** What the last run of each workflow returned. */
  readonly results = new Map<string, unknown>();
  #started = 0;
  /** Called when a run is about to take a task, and when the start of a child is to be its next one. */
  onTask: (id: string, startsChild: boolean) => void = () => {};
  /** Length of a history at which it suggests to continue as new. */
  suggestsAt = Number.POSITIVE_INFINITY;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    kernel.offers.push(() => this.#choices());
  }

  get isIdle(): boolean {
    return this.#runs.size === 0;
  }

  get openIds(): string[] {
    return [...this.#runs.keys()];
  }

  get tasks(): Task[] {
    return [...this.#runs.values()].flatMap(({ tasks }) => [...tasks]);
  }

  isOpen(id: string): boolean {
    return this.#runs.has(id);
  }

  /** @throws WorkflowExecutionAlreadyStartedError */
  begin(start: Start, onClosed: (outcome: Outcome) => void = () => {}): Run {
    if (this.#runs.has(start.id)) throw new WorkflowExecutionAlreadyStartedError('It runs.', start.id, start.type);
    this.#started += 1;
    const run = new Run(this, start, `run-${this.#started}`, onClosed);
    this.#runs.set(start.id, run);
    return run;
  }

  /** Returns false if there is no such run: the signal is then not accepted. */
  signal(id: string, { name, args }: Signal): boolean {
    const run = this.#runs.get(id);
    if (!run) return false;
    const take = () => {
      run.unhandled.push({ name, args });
      deliver(run);
    };
    run.post(take, { signal: true, events: 2 });
    return true;
  }

  cancel(id: string): void {
    const run = this.#runs.get(id);
    run?.post(() => run.root.cancel());
  }

  /** Ends a run at once, and those of its children. None of their code runs. */
  terminate(id: string): void {
    for (const [open, run] of [...this.#runs])
      if ((open === id || open.startsWith(`${id}/`)) && this.isOpen(open))
        this.closed(run, { error: new Error('Terminated') });
  }

  closed(run: Run, outcome: Outcome): void {
    const { id, type } = run.start;
    const { error } = outcome;
    this.#runs.delete(id);
    for (const task of run.tasks) task.abandon();
    for (const { run: child, terminates } of run.children)
      if (terminates && this.#runs.get(child.start.id) === child)
        this.closed(child, { error: new Error('Terminated') });
    if (error instanceof ContinueAsNew) {
      this.kernel.note(`${id} continues as new`);
      this.begin({ type, id, args: error.args }, run.onClosed);
      return;
    }
    this.kernel.note(`${id} ${error === undefined ? 'completes' : `fails: ${(error as Error).message}`}`);
    if (error === undefined) this.failures.delete(id);
    else this.failures.set(id, (error as Error).message);
    this.results.set(id, outcome.result);
    if (error !== undefined && !isFailure(error)) throw error;
    run.onClosed(outcome);
  }

  #choices(): Choice[] {
    const choices: Choice[] = [];
    const workers = this.workers.filter(({ stopped }) => !stopped);
    for (const [id, run] of this.#runs) {
      if (run.inbox.length > 0) choices.push({ what: `${id} goes on`, take: () => run.activate() });
      for (const task of run.tasks)
        if (task.isDue && workers.length > 0)
          choices.push({ what: `${task.name} is taken`, take: () => task.begin(this.kernel.random.pick(workers)) });
    }
    return choices;
  }
}

/** Anything else that a workflow throws is a fault of its code, and Temporal would run its task again for ever. */
function isFailure(error: unknown): boolean {
  const names = ['ApplicationFailure', 'CancelledFailure', 'ActivityFailure', 'ChildWorkflowFailure', 'Error'];
  return error instanceof ApplicationFailure || names.includes((error as Error).name);
}
