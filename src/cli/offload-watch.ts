import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, WorkflowHandle } from '@temporalio/client';
import type { OffloadProgress, SinkProgress } from '../../workflows/messages.js';
import { counted } from '../counted.js';
import { printable, tell } from './output.js';
import { troublesOf } from './run-troubles.js';

const showEveryMs = 1_000;

/** Shows what an offload does, and why it is held up. Each line is shown once. */
export class OffloadWatch {
  readonly #client: Client;
  readonly #name: string;
  readonly #shown = new Set<string>();
  #ended = false;

  constructor(client: Client, name: string) {
    this.#client = client;
    this.#name = name;
  }

  /** Shows the progress and troubles of a run until it is over. Never resolves. */
  async show(run: WorkflowHandle, over: Promise<unknown>): Promise<never> {
    let isOver = false;
    void over.then(() => {
      isOver = true;
    });
    for (; !isOver && !this.#ended; await sleep(showEveryMs)) {
      // No answer now: a worker or the server may be starting.
      const progress = await progressOf(this.#client, run).catch(() => undefined);
      const troubles = await troublesOf(run, 'offloadBatches').catch(() => []);
      if (isOver || this.#ended) break;
      for (const trouble of [...troubles, ...(progress ? attemptsOf(progress) : [])])
        this.#tell(`${this.#name}: ${printable(trouble)}`);
      if (progress && Object.keys(progress.sinks).length > 0) this.#tell(inWords(progress));
    }
    return new Promise<never>(() => undefined);
  }

  end(): void {
    this.#ended = true;
  }

  #tell(line: string): void {
    if (this.#shown.has(line)) return;
    this.#shown.add(line);
    tell(line);
  }
}

/** The progress of the run, including that of its child workflows. */
async function progressOf(client: Client, run: WorkflowHandle): Promise<OffloadProgress> {
  const progress = await run.query<OffloadProgress, []>('progress');
  for (const [sink, own] of Object.entries(progress.sinks)) {
    if (own.state !== 'sending' || own.workflow === undefined) continue;
    const child = client.workflow.getHandle(own.workflow);
    const sent = await child.query<SinkProgress, []>('progress').catch(() => undefined);
    if (sent) progress.sinks[sink] = { ...sent, batches: own.batches + sent.batches, events: own.events + sent.events };
  }
  return progress;
}

/** Describes the attempts to send that failed, and are followed by others. */
function attemptsOf({ sinks }: OffloadProgress): string[] {
  return Object.entries(sinks).flatMap(([sink, { attempt }]) =>
    attempt ? [`sending to ${sink} is being retried (attempt ${attempt.number + 1}): ${attempt.failure}`] : [],
  );
}

/** Formats the progress on one line. */
export function inWords({ collector, sinks, cleared }: OffloadProgress): string {
  const parts = Object.entries(sinks).map(
    ([sink, { state, events, batches, refused }]) =>
      `${sink} ${state}, ${counted(events, 'event')} in ${counted(batches, 'batch', 'batches')}${refused > 0 ? `, ${refused} refused` : ''}`,
  );
  if (cleared > 0) parts.push(`${cleared.toLocaleString('en')} cleared from the table`);
  return `${collector}: ${parts.join('; ')}`;
}
