/**
 * Stands in for `@temporalio/workflow` (tsconfig.json of this folder): the workflows run as they are, in this process and
 * without a server. It has what they use, with the rules that they rely on: handlers run before what else a task brings,
 * conditions are looked at when a task has come to rest, a cancellation goes down the scopes, and code after the last
 * await of a run sees every signal that was accepted.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { ActivityFailure, CancelledFailure, ChildWorkflowFailure } from '@temporalio/common';

export {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  TimeoutFailure,
} from '@temporalio/common';

type Handler = (...args: unknown[]) => unknown;

/** A run, as its code sees it. The server implements it (temporal.ts). */
export interface Execution {
  readonly info: Readonly<Record<string, unknown>>;
  readonly root: CancellationScope;
  readonly conditions: Set<{ holds: () => boolean; met: () => void }>;
  readonly handlers: Map<string, Handler>;
  otherSignals: ((name: string, ...args: unknown[]) => void) | undefined;
  /** Signals that no handler has taken yet. */
  readonly unhandled: { name: string; args: unknown[] }[];
  activity(name: string, input: unknown, options: object): { result: Promise<unknown>; cancel(): void };
  timer(ms: number, ring: () => void): () => void;
  child(type: string, options: ChildOptions): Promise<{ result(): Promise<unknown>; cancel(): void; runId: string }>;
}

export interface ChildOptions {
  workflowId: string;
  args: unknown[];
  parentClosePolicy?: string;
}

const current = new AsyncLocalStorage<{ execution: Execution; scope: CancellationScope }>();

export function inExecution<T>(execution: Execution, body: () => T): T {
  return current.run({ execution, scope: execution.root }, body);
}

function here() {
  const found = current.getStore();
  if (!found) throw new Error('Only a workflow can do this.');
  return found;
}

export class CancellationScope {
  readonly #parent: CancellationScope | undefined;
  readonly #cancellable: boolean;
  readonly #onCancel = new Set<() => void>();
  #cancelled = false;

  constructor(options: { cancellable?: boolean; root?: boolean } = {}) {
    this.#parent = options.root ? undefined : here().scope;
    this.#cancellable = options.cancellable ?? true;
    if (this.#cancellable) this.#parent?.onCancel(() => this.cancel());
  }

  static nonCancellable<T>(body: () => Promise<T>): Promise<T> {
    return new CancellationScope({ cancellable: false }).run(body);
  }

  run<T>(body: () => Promise<T>): Promise<T> {
    return current.run({ ...here(), scope: this }, body);
  }

  get isCancelled(): boolean {
    return this.#cancelled || (this.#cancellable && (this.#parent?.isCancelled ?? false));
  }

  /** @returns a function that takes it back */
  onCancel(body: () => void): () => void {
    this.#onCancel.add(body);
    return () => this.#onCancel.delete(body);
  }

  cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    for (const body of [...this.#onCancel]) body();
  }
}

/** Settles with the promise, unless the scope is cancelled first. */
function cancellable<T>(start: () => { result: Promise<T>; cancel(): void }): Promise<T> {
  const { scope } = here();
  if (scope.isCancelled) return Promise.reject(new CancelledFailure('Cancelled before it began'));
  return new Promise((resolve, reject) => {
    const { result, cancel } = start();
    const forget = scope.onCancel(cancel);
    result.then(resolve, reject).finally(forget);
  });
}

type Call = { executeWithOptions(options: object, args: [unknown]): Promise<unknown> };

export function proxyActivities(defaults: object): Record<string, Call> {
  const call = (name: string): Call => ({
    executeWithOptions: (options, [input]) =>
      cancellable(() => here().execution.activity(name, input, { ...defaults, ...options })),
  });
  return new Proxy({}, { get: (_, name) => call(String(name)) });
}

/** None of the simulated workflows has local activities. */
export const proxyLocalActivities = proxyActivities;

export function condition(holds: () => boolean, timeoutMs?: number): Promise<unknown> {
  if (timeoutMs === undefined && holds()) return Promise.resolve();
  const { execution } = here();
  return cancellable(() => {
    let met: (value: boolean) => void;
    let fail: (error: unknown) => void;
    const result = new Promise<boolean>((resolve, reject) => {
      met = resolve;
      fail = reject;
    });
    const entry = { holds, met: () => end(() => met(true)) };
    const stop = timeoutMs === undefined ? () => {} : execution.timer(timeoutMs, () => end(() => met(holds())));
    const end = (settle: () => void) => {
      execution.conditions.delete(entry);
      stop();
      settle();
    };
    execution.conditions.add(entry);
    return { result, cancel: () => end(() => fail(new CancelledFailure('Cancelled'))) };
  });
}

export async function startChild(workflow: { name: string }, options: ChildOptions) {
  const { execution } = here();
  const child = await execution.child(workflow.name, options);
  return {
    workflowId: options.workflowId,
    firstExecutionRunId: child.runId,
    result: () => cancellable(() => ({ result: child.result(), cancel: child.cancel })),
  };
}

export class ContinueAsNew extends Error {
  readonly args: unknown[];

  constructor(args: unknown[]) {
    super('Continue as new');
    this.args = args;
  }
}

export function continueAsNew(...args: unknown[]): Promise<never> {
  return Promise.reject(new ContinueAsNew(args));
}

export const defineSignal = (name: string) => ({ type: 'signal', name });
export const defineQuery = (name: string) => ({ type: 'query', name });

export function setHandler({ type, name }: { type: string; name: string }, handler: Handler): void {
  const { execution } = here();
  if (type !== 'signal') return;
  execution.handlers.set(name, handler);
  deliver(execution);
}

export function setDefaultSignalHandler(handler: (name: string, ...args: unknown[]) => void): void {
  const { execution } = here();
  execution.otherSignals = handler;
  deliver(execution);
}

/** Hands signals to their handlers, in their order, as far as there are any. */
export function deliver(execution: Execution): void {
  for (let next = execution.unhandled[0]; next; next = execution.unhandled[0]) {
    const { name, args } = next;
    const handler = execution.handlers.get(name);
    if (!handler && !execution.otherSignals) return;
    execution.unhandled.shift();
    if (handler) handler(...args);
    else execution.otherSignals!(name, ...args);
  }
}

export function isCancellation(error: unknown): boolean {
  if (error instanceof ActivityFailure || error instanceof ChildWorkflowFailure) return isCancellation(error.cause);
  return error instanceof CancelledFailure;
}

export const workflowInfo = () => here().execution.info;
export const patched = () => true;
export const setCurrentDetails = () => {};
export const log = { warn: () => {}, info: () => {}, error: () => {}, debug: () => {} };
