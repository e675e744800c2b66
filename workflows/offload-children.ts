import {
  ApplicationFailure,
  type ChildWorkflowHandle,
  condition,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { failureCode, failureSentence } from './failure.js';
import type { OffloadProgress } from './messages.js';
import { ofSink } from './offload-progress.js';
import { offloadToSink } from './offload-to-sink.js';
import { addTo, type SinkTask } from './send-batches.js';

const lookAgainMs = 30_000;
/** Its attempts have taken some minutes already. */
const retryAfterMs = 300_000;

/**
 * Runs one child workflow for each sink. A child outlives this run, which may continue as new while a slow sink's child
 * goes on; the next run finds it under its fixed id.
 */
export class SinkChildren {
  readonly #progress: OffloadProgress;
  readonly #onProgress: () => void;
  readonly #running = new Set<string>();
  /** When a sink failed in this run; epoch ms. */
  readonly #failedAtMs = new Map<string, number>();

  constructor(progress: OffloadProgress, onProgress: () => void) {
    this.#progress = progress;
    this.#onProgress = onProgress;
  }

  /** Starts the child of a sink, unless it runs already. */
  async start(task: SinkTask): Promise<void> {
    const { collector, sink } = task;
    if (this.#running.has(sink)) return;
    const own = ofSink(this.#progress, sink);
    // A slash, since names of collectors and sinks may have dashes: "a-b" and "c" must not be "a" and "b-c".
    const workflowId = `${workflowInfo().workflowId}/${sink}`;
    Object.assign(own, { state: 'sending', workflow: workflowId });
    delete own.failure;
    let child: ChildWorkflowHandle<typeof offloadToSink>;
    try {
      child = await startChild(offloadToSink, {
        workflowId,
        args: [task],
        parentClosePolicy: 'ABANDON',
        staticSummary: `${collector}: offload to ${sink}`,
      });
    } catch (error) {
      // The child of an earlier run is still sending.
      if ((error as Error).name === 'WorkflowExecutionAlreadyStartedError') return;
      throw error;
    }
    this.#running.add(sink);
    void child.result().then(
      (sent) => {
        addTo(own, sent);
        own.state = 'done';
        this.#ended(sink);
      },
      (error: unknown) => {
        own.state = 'failed';
        own.failure = { message: failureSentence(error), code: failureCode(error) ?? 'UNEXPECTED' };
        this.#failedAtMs.set(sink, Date.now());
        this.#ended(sink);
      },
    );
  }

  #ended(sink: string): void {
    delete ofSink(this.#progress, sink).workflow;
    this.#running.delete(sink);
    this.#onProgress();
  }

  /** True if a sink that failed is due for another attempt, since others keep this run going. */
  mayRetry(sink: string): boolean {
    return Date.now() - (this.#failedAtMs.get(sink) ?? 0) >= retryAfterMs;
  }

  /** The failures of the sinks that are not mended, also of those that failed before this run continued as new. */
  get failures(): ApplicationFailure[] {
    return Object.values(this.#progress.sinks).flatMap(({ state, failure }) =>
      state === 'failed'
        ? [
            ApplicationFailure.create({
              message: failure?.message ?? 'A sink failed: see the execution log and "trawl status".',
              type: failure?.code ?? 'UNEXPECTED',
              nonRetryable: true,
            }),
          ]
        : [],
    );
  }

  /** True while a child is sending, of this run or an earlier one. */
  get sending(): boolean {
    return Object.values(this.#progress.sinks).some(({ state }) => state === 'sending');
  }

  /** Resolves when all children have ended, or when it is time to look for new events. */
  async ended(): Promise<void> {
    await condition(() => !this.sending, lookAgainMs);
  }
}
