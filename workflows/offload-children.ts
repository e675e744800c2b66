import { type ChildWorkflowHandle, condition, startChild, workflowInfo } from '@temporalio/workflow';
import type { OffloadProgress, SinkProgress } from './messages.js';
import { ofSink } from './offload-progress.js';
import { offloadToSink } from './offload-to-sink.js';
import { addTo, type SinkTask } from './send-batches.js';

const lookAgainMs = 30_000;

/**
 * Runs one child workflow for each sink. A child outlives this run, which may continue as new while a slow sink's child
 * goes on; the next run finds it under its fixed id.
 */
export class SinkChildren {
  readonly #progress: OffloadProgress;
  readonly #onProgress: () => void;
  readonly #running = new Set<string>();
  readonly failures: unknown[] = [];

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
      (sent) => this.#ended(sink, sent),
      (error: unknown) => {
        this.failures.push(error);
        this.#ended(sink, undefined);
      },
    );
  }

  #ended(sink: string, sent: SinkProgress | undefined): void {
    const own = ofSink(this.#progress, sink);
    if (sent) addTo(own, sent);
    own.state = sent ? 'done' : 'failed';
    delete own.workflow;
    this.#running.delete(sink);
    this.#onProgress();
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
