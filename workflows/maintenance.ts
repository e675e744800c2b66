import { ApplicationFailure, workflowInfo } from '@temporalio/workflow';
import { z } from 'zod';
import { runFailure } from './failure.js';
import { clearInput, collectorInput, parseInput, variablesInput } from './input.js';
import { maintenanceActivities, stepOptions } from './options.js';

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
  await told(
    maintenanceActivities.resetCheckpoint.executeWithOptions(stepOptions(collector, 'command'), [
      { collector, keys: keys() },
    ]),
  );
}

/** U04 Clear Events Table, as a workflow. Fails where a sink lacks some of the events, unless they are to go too. */
export async function clearEvents(input: unknown): Promise<void> {
  const { collector, force } = parseInput(clearInput, input, '{"collector":"asa"}');
  const refusal = await told(
    maintenanceActivities.clearEvents.executeWithOptions(stepOptions(collector, 'command'), [
      { collector, keys: keys(), ...(force ? { force } : {}) },
    ]),
  );
  if (!refusal) return;
  throw ApplicationFailure.create({
    message: `${refusal}. Offload first ("trawl offload ${collector}"), or give --input '{"collector":"${collector}","force":true}'.`,
    type: 'INPUT_INVALID',
    nonRetryable: true,
  });
}

/** Those of the signals that this run stands for, which the memo names, so that each takes effect once; else one of its own. */
function keys(): string[] {
  const { workflowId, runId, memo } = workflowInfo();
  const named = z.array(z.string()).min(1).safeParse(memo?.keys);
  return named.success ? named.data : [`${workflowId}/${runId}`];
}

async function told<T>(done: Promise<T>): Promise<T> {
  try {
    return await done;
  } catch (error) {
    throw runFailure(error);
  }
}
