import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  msToNumber,
  type RetryPolicy,
  RetryState,
  TimeoutFailure,
} from '@temporalio/common';

import type { Alarm } from './clock.js';
import type { Kernel } from './kernel.js';
import type { Attempt, Worker } from './worker.js';

interface Options {
  startToCloseTimeout: string;
  scheduleToCloseTimeout?: string;
  heartbeatTimeout: string;
  retry: { initialInterval: string; backoffCoefficient: number; maximumInterval: string; maximumAttempts?: number };
}

interface Scheduled {
  id: string;
  name: string;
  input: unknown;
  options: object;
}

interface OfRun {
  readonly info: Readonly<Record<string, unknown>>;
  readonly tasks: Set<Task>;
  post(take: () => void): void;
}

/** An activity that a workflow has scheduled, with its attempts. */
export class Task {
  readonly name: string;
  readonly result: Promise<unknown>;
  readonly #run: OfRun;
  readonly #kernel: Kernel;
  readonly #scheduled: Scheduled;
  readonly #options: Options;
  #resolve!: (value: unknown) => void;
  #reject!: (error: unknown) => void;
  #attempts = 0;
  #state: 'due' | 'waiting' | 'running' | 'closed' = 'due';
  #current: Attempt | undefined;
  /** Of the last heartbeat: the next attempt gets it. */
  #heartbeatDetails: unknown;
  readonly #alarms: Alarm[] = [];

  constructor({ kernel }: { kernel: Kernel }, run: OfRun, scheduled: Scheduled) {
    this.#kernel = kernel;
    this.#run = run;
    this.#scheduled = scheduled;
    this.#options = scheduled.options as Options;
    this.name = `${String(run.info.workflowId)} ${scheduled.name}#${scheduled.id}`;
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const { scheduleToCloseTimeout } = this.#options;
    if (scheduleToCloseTimeout !== undefined)
      this.#after(msToNumber(scheduleToCloseTimeout as never), () =>
        this.#fail(timedOut('SCHEDULE_TO_CLOSE'), 'TIMEOUT'),
      );
  }

  get isDue(): boolean {
    return this.#state === 'due';
  }

  get current(): Attempt | undefined {
    return this.#state === 'running' ? this.#current : undefined;
  }

  begin(worker: Worker): void {
    this.#attempts += 1;
    this.#state = 'running';
    const { id, name, input } = this.#scheduled;
    const attempt = worker.attempt(
      { label: `${this.name}/${this.#attempts}`, name, input },
      {
        activityId: id,
        attempt: this.#attempts,
        workflowExecution: { workflowId: String(this.#run.info.workflowId), runId: String(this.#run.info.runId) },
        heartbeatDetails: this.#heartbeatDetails,
        retryPolicy: this.#options.retry as RetryPolicy,
      },
      (details) => {
        if (this.current === attempt) this.#heartbeatDetails = details;
      },
    );
    this.#current = attempt;
    this.#after(msToNumber(this.#options.startToCloseTimeout as never), () => this.loses(attempt, 'START_TO_CLOSE'));
    attempt.done.then(
      (value) => this.#reported(attempt, () => this.#close(() => this.#resolve(value))),
      (error: unknown) => this.#reported(attempt, () => this.#failed(error)),
    );
  }

  /** The server stops waiting for an attempt, which may go on all the same, and tries again. */
  loses(attempt: Attempt, why: 'START_TO_CLOSE' | 'HEARTBEAT'): void {
    if (this.current !== attempt) return;
    this.#kernel.note(`${attempt.name} is given up (${why})`);
    this.#failed(timedOut(why));
  }

  workerDied(attempt: Attempt): void {
    this.#after(msToNumber(this.#options.heartbeatTimeout as never), () => this.loses(attempt, 'HEARTBEAT'));
  }

  /** The workflow cancels it: it fails at once, and the attempt learns of it with a heartbeat. */
  cancel(): void {
    const attempt = this.current;
    if (attempt) this.#kernel.clock.alarm(this.#kernel.random.int(0, 3_000), () => attempt.cancel());
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#end();
    this.#reject(this.#wrapped(new CancelledFailure('Cancelled'), 'CANCEL_REQUESTED'));
  }

  /** Its run has closed. */
  abandon(): void {
    const attempt = this.current;
    if (attempt) this.#kernel.clock.alarm(this.#kernel.random.int(0, 3_000), () => attempt.cancel());
    this.#state = 'closed';
    this.#end();
  }

  #reported(attempt: Attempt, take: () => void): void {
    if (this.current === attempt) take();
  }

  #failed(error: unknown): void {
    const { initialInterval, backoffCoefficient, maximumInterval, maximumAttempts } = this.#options.retry;
    const isFinal = error instanceof CancelledFailure || (error instanceof ApplicationFailure && error.nonRetryable);
    const isLast = maximumAttempts !== undefined && this.#attempts >= maximumAttempts;
    if (isFinal || isLast) {
      this.#fail(error, isFinal ? 'NON_RETRYABLE_FAILURE' : 'MAXIMUM_ATTEMPTS_REACHED');
      return;
    }
    const asked = error instanceof ApplicationFailure ? error.nextRetryDelay : undefined;
    const backoff = msToNumber(initialInterval as never) * backoffCoefficient ** (this.#attempts - 1);
    const waitMs =
      asked === undefined || asked === null
        ? Math.min(backoff, msToNumber(maximumInterval as never))
        : msToNumber(asked);
    this.#state = 'waiting';
    this.#after(waitMs, () => {
      if (this.#state === 'waiting') this.#state = 'due';
    });
  }

  #fail(error: unknown, state: keyof typeof RetryState): void {
    if (this.#state === 'closed') return;
    this.#close(() => this.#reject(this.#wrapped(error, state)));
  }

  #wrapped(error: unknown, state: keyof typeof RetryState): ActivityFailure {
    const { name, id } = this.#scheduled;
    return new ActivityFailure('Activity task failed', name, id, RetryState[state], 'worker', error as Error);
  }

  #close(settle: () => void): void {
    this.#state = 'closed';
    this.#end();
    this.#run.post(settle);
  }

  #end(): void {
    for (const alarm of this.#alarms) this.#kernel.clock.cancel(alarm);
    this.#run.tasks.delete(this);
  }

  #after(ms: number, ring: () => void): void {
    this.#alarms.push(this.#kernel.clock.alarm(ms, ring));
  }
}

function timedOut(why: 'START_TO_CLOSE' | 'HEARTBEAT' | 'SCHEDULE_TO_CLOSE'): TimeoutFailure {
  return new TimeoutFailure('activity timed out', undefined, why);
}
