import { ApplicationFailure, workflowInfo } from '@temporalio/workflow';
import { z } from 'zod';
import { orRunFailure } from './failure.js';
import { clearInput, collectorInput, parseInput, variablesInput } from './input.js';
import { commandActivities, maintenanceActivities, stepOptions } from './options.js';

/** U02 Set env vars, as a workflow. Refuses secrets, since its input stays in Temporal's history. */
export async function setEnvironmentVariables(input: unknown): Promise<void> {
  const { collector, variables } = parseInput(
    variablesInput,
    input,
    '{"collector":"asa","variables":{"searchCount":"500"}}',
  );
  await orRunFailure(
    maintenanceActivities.setEnvironmentVariables.executeWithOptions(stepOptions(collector, 'command'), [
      { collector, variables },
    ]),
  );
}

/** U03 Reset Checkpoint, as a workflow. */
export async function resetCheckpoint(input: unknown): Promise<void> {
  const { collector } = parseInput(collectorInput, input, '{"collector":"asa"}');
  const { activities, keys } = asked();
  await orRunFailure(
    activities.resetCheckpoint.executeWithOptions(stepOptions(collector, 'command'), [{ collector, keys }]),
  );
}

/** U04 Clear Events Table, as a workflow. Fails if a sink lacks some of the events, unless `force` is set. */
export async function clearEvents(input: unknown): Promise<void> {
  const { collector, force } = parseInput(clearInput, input, '{"collector":"asa"}');
  const { activities, keys } = asked();
  const refusal = await orRunFailure(
    activities.clearEvents.executeWithOptions(stepOptions(collector, 'command'), [
      { collector, keys, ...(force ? { force } : {}) },
    ]),
  );
  if (!refusal) return;
  throw ApplicationFailure.create({
    message: `${refusal}. Offload first ("trawl offload ${collector}"), or use --input '{"collector":"${collector}","force":true}'.`,
    type: 'INPUT_INVALID',
    nonRetryable: true,
  });
}

/**
 * The keys that the command takes effect under, and the activities that carry it out. The memo lists the keys of signals
 * that `trawl stop` took from a waiting run: like that run, this one retries without a limit. Otherwise a person waits.
 */
function asked(): { activities: typeof commandActivities; keys: string[] } {
  const { workflowId, runId, memo } = workflowInfo();
  const signals = z.array(z.string()).min(1).safeParse(memo?.keys);
  if (signals.success) return { activities: commandActivities, keys: signals.data };
  return { activities: maintenanceActivities, keys: [`${workflowId}/${runId}`] };
}
