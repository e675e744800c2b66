import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { arrayFromPayloads } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';
import { TrawlError } from '../errors.js';
import { type CommandKind, commandKey, commandOf } from '../inputs/commands.js';
import { recurringId, taskQueue } from './names.js';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

/** Consecutive commands of one kind. */
interface WaitingCommands {
  kind: CommandKind;
  force: boolean;
  /** The keys that the run itself would use, so that each command takes effect once. */
  keys: string[];
}

const eventsAtOnce = 100;

/** Codes of gRPC for a run that the server does not have, and for one that it cannot have. */
const notFound = 5;
const invalidArgument = 3;

/**
 * A run has begun once its history contains a workflow task; before that it waits for its tick. Clocks cannot decide
 * this, since the local one and the server's differ.
 */
export async function hasBegun(client: Client, workflowId: string, runId: string): Promise<boolean> {
  for await (const { workflowTaskScheduledEventAttributes } of historyOf(client, workflowId, runId))
    if (workflowTaskScheduledEventAttributes) return true;
  return false;
}

/**
 * The commands that were sent to a run of a recurring collection, in order.
 * @throws TrawlError PAYLOAD_UNREADABLE if the input of a command cannot be decrypted.
 */
export async function commandsSentTo(client: Client, workflowId: string, runId: string): Promise<WaitingCommands[]> {
  const groups: WaitingCommands[] = [];
  let nth = 0;
  for await (const { workflowExecutionSignaledEventAttributes: signal } of historyOf(client, workflowId, runId)) {
    const command = signal && commandOf(signal.signalName ?? '', await firstInputOf(client, workflowId, signal));
    if (!command) continue;
    nth += 1;
    const key = commandKey(workflowId, runId, nth);
    const last = groups.at(-1);
    if (last?.kind === command.kind && last.force === command.force) last.keys.push(key);
    else groups.push({ kind: command.kind, force: command.force, keys: [key] });
  }
  return groups;
}

/** The same of a run that anyone may have named: none if it is no such run, null if the server no longer has it. */
export async function knownCommandsSentTo(
  client: Client,
  collector: string,
  { workflowId, runId }: { workflowId: string; runId: string },
): Promise<WaitingCommands[] | null> {
  if (workflowId !== recurringId(collector)) return [];
  try {
    return await commandsSentTo(client, workflowId, runId);
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === notFound) return null;
    if (code === invalidArgument) return [];
    throw error;
  }
}

/**
 * Starts a separate workflow for each group of commands, unless it exists already.
 * @param isOver waits for the end of a workflow. If it returns false, as it does without a worker, the rest are started
 *   without waiting.
 */
export async function carryOutApart(
  client: Client,
  collector: string,
  commands: readonly WaitingCommands[],
  isOver: (workflowId: string) => Promise<boolean>,
): Promise<void> {
  let waits = true;
  for (const { kind, force, keys } of commands) {
    // Named after the last command: a command that has arrived since gets another workflow.
    const [, runId, nth] = keys.at(-1)!.split('/');
    const workflowId = `${recurringId(collector)}-${kind}-${runId}-${nth}`;
    const begun = await client.workflow
      .start(kind, {
        workflowId,
        taskQueue,
        args: [{ collector, ...(force ? { force } : {}) }],
        // Not in the input, which workers of the previous version would refuse.
        memo: { keys },
        staticSummary: `${collector}: sent to a run that was stopped`,
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
      })
      .catch((error: unknown) => {
        if (error instanceof WorkflowExecutionAlreadyStartedError) return null;
        throw error;
      });
    if (begun && waits) waits = await isOver(workflowId);
  }
}

async function firstInputOf(
  client: Client,
  workflowId: string,
  { signalName, input }: temporal.api.history.v1.IWorkflowExecutionSignaledEventAttributes,
): Promise<unknown> {
  try {
    const { payloadCodecs, payloadConverter } = client.options.loadedDataConverter;
    const context = { type: 'workflow', namespace: client.options.namespace, workflowId } as const;
    let payloads = input?.payloads ?? [];
    for (const codec of payloadCodecs.toReversed()) payloads = await codec.decode(payloads, context);
    return arrayFromPayloads(payloadConverter, payloads)[0];
  } catch (error) {
    if (error instanceof TrawlError) throw error;
    throw new TrawlError('PAYLOAD_UNREADABLE', `The input of the signal ${signalName} cannot be read.`, {
      hint: 'Set TRAWL_PAYLOAD_KEYS as on the workers, then try again. Nothing was changed.',
      cause: error,
    });
  }
}

async function* historyOf(client: Client, workflowId: string, runId: string): AsyncGenerator<HistoryEvent> {
  const execution = { workflowId, runId };
  for (let nextPageToken: Uint8Array | undefined; ; ) {
    const page = await client.workflowService.getWorkflowExecutionHistory({
      namespace: client.options.namespace,
      execution,
      maximumPageSize: eventsAtOnce,
      ...(nextPageToken ? { nextPageToken } : {}),
    });
    yield* page.history?.events ?? [];
    if (!page.nextPageToken?.length) return;
    nextPageToken = page.nextPageToken;
  }
}
