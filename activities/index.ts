import type { ActivityInput, ActivityName } from '../src/inputs/activities.js';
import { activity } from './activity.js';
import { getLastCheckpoint, resetCheckpoint, rewindCheckpoint } from './checkpoint.js';
import { type Context, contextOf } from './context.js';
import type { Dependencies } from './dependencies.js';
import { enrichPages } from './enrich-pages.js';
import { clearEvents } from './events.js';
import { writeExecutionLog } from './execution-log.js';
import { fetchPages } from './fetch-pages.js';
import { offloadBatches, planOffload } from './offload.js';
import { applyRetention } from './retention.js';
import { setEnvironmentVariables } from './set-settings.js';
import { writePages } from './write-pages.js';

/** The activities, by the names that workflows schedule and the Temporal UI shows. */
const steps = {
  getLastCheckpoint,
  fetchPages,
  enrichPages,
  writePages,
  rewindCheckpoint,
  writeExecutionLog,
  resetCheckpoint,
  clearEvents,
  setEnvironmentVariables,
  planOffload,
  offloadBatches,
  applyRetention,
} satisfies { [Name in ActivityName]: (context: Context, input: ActivityInput<Name>) => Promise<unknown> };

export type Activities = {
  [Name in ActivityName]: (input: ActivityInput<Name>) => ReturnType<(typeof steps)[Name]>;
};

/** Makes the activities of one worker. Each parses its input and reports its failures to Temporal in plain words. */
export function createActivities(dependencies: Dependencies): Activities {
  const context = contextOf(dependencies);
  const entries = Object.entries(steps) as [ActivityName, (context: Context, input: unknown) => Promise<unknown>][];
  return Object.fromEntries(
    entries.map(([name, step]) => [
      name,
      activity(name, (input) => step(context, input), { ...dependencies, signing: context.signing }),
    ]),
  ) as unknown as Activities;
}
