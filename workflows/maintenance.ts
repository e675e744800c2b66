import { ApplicationFailure, workflowInfo } from '@temporalio/workflow';
import { z } from 'zod';
import { runFailure } from './failure.js';
import { clearInput, collectorInput, parseInput, variablesInput } from './input.js';
import { commandActivities, maintenanceActivities, stepOptions } from './options.js';

/** U02 Set env vars, as a workflow. Refuses secrets, since its input stays in Temporal's history. */
export async function setEnvironmentVariables(input: unknown): Promise<void> {
  const { collector, variables } = parseInput(
    variablesInput,
    input,
    '{"collector":"asa","variables":{"searchCount":"500"}}',
  );
  await told(
    maintenanceActivities.setEnvironmentVariables.executeWithOptions(stepOptions(collector, 'command'), [
      { collector, variables },
    ]),
  );
}

/** U03 Reset Checkpoint, as a workflow. */
export async function resetCheckpoint(input: unknown): Promise<void> {
  const { collector } = parseInput(collectorInput, input, '{"collector":"asa"}');
  const { activities, keys } = asked();
  await told(activities.resetCheckpoint.executeWithOptions(stepOptions(collector, 'command'), [{ collector, keys }]));
}

/** U04 Clear Events Table, as a workflow. Fails where a sink lacks some of the events, unless they are to go too. */
export async function clearEvents(input: unknown): Promise<void> {
  const { collector, force } = parseInput(clearInput, input, '{"collector":"asa"}');
  const { activities, keys } = asked();
  const refusal = await told(
    activities.clearEvents.executeWithOptions(stepOptions(collector, 'command'), [
      { collector, keys, ...(force ? { force } : {}) },
    ]),
  );
  if (!refusal) return;
  throw ApplicationFailure.create({
    message: `${refusal}. Offload first ("trawl offload ${collector}"), or give --input '{"collector":"${collector}","force":true}'.`,
    type: 'INPUT_INVALID',
    nonRetryable: true,
  });
}

/**
 * Whom the command is carried out for. `trawl stop` names the keys of signals in the memo: like the run that they were
 * sent to, this one waits for the store however long it is away, and each key takes effect once. Else a person waits.
 */
function asked(): { activities: typeof commandActivities; keys: string[] } {
  const { workflowId, runId, memo } = workflowInfo();
  const signals = z.array(z.string()).min(1).safeParse(memo?.keys);
  if (signals.success) return { activities: commandActivities, keys: signals.data };
  return { activities: maintenanceActivities, keys: [`${workflowId}/${runId}`] };
}

async function told<T>(done: Promise<T>): Promise<T> {
  try {
    return await done;
  } catch (error) {
    throw runFailure(error);
  }
}
