import { activityInfo, cancellationSignal } from '@temporalio/activity';
import type { ActivityName } from '../src/inputs/activities.js';
import { offloadSettings } from '../src/settings/offload.js';
import { type Activity, activity } from './activity.js';
import { Collectors } from './collectors.js';
import type { Dependencies } from './dependencies.js';
import { enrichPages } from './enrich-pages.js';
import { expectRuns } from './expect-runs.js';
import { fetchPages } from './fetch-pages.js';
import { offloadBatches, planOffload } from './offload.js';
import { PageCache } from './page-cache.js';
import { applyRetention, retentionIsDue } from './retention.js';
import { Sinks } from './sinks.js';
import type { LastCheckpoint } from './types.js';
import { writePages } from './write-pages.js';

export type Activities = ReturnType<typeof createActivities>;

/** The activities by the names that the Temporal UI shows. */
export function createActivities(dependencies: Dependencies) {
  const { store } = dependencies;
  const collectors = new Collectors(dependencies);
  const cache = new PageCache();
  const sinks = new Sinks(dependencies);

  /** Whether a run begins offloading when it has caught up. A collector without settings fails where it is read. */
  async function offloadOf(collector: string): Promise<Pick<LastCheckpoint, 'offload'>> {
    const settings = await collectors.getEnvironmentVariables(collector).catch(() => undefined);
    if (!settings) return {};
    const offload = offloadSettings(settings.values);
    if (!offload.afterRun) return {};
    if (await retentionIsDue(store, collector, offload)) return { offload: 'due' };
    if (offload.sinks.length === 0) return {};
    return { offload: (await store.offload.backlog(collector, offload.sinks, 1)) > 0 ? 'due' : 'when new' };
  }

  return {
    /** U10 Get Last Checkpoint */
    getLastCheckpoint: activity('getLastCheckpoint', async ({ collector, recurrence }): Promise<LastCheckpoint> => {
      if (recurrence) await expectRuns(dependencies, collectors, collector, recurrence);
      const checkpoint = await store.checkpoint(collector);
      return {
        offset: checkpoint.lastOffset,
        generation: checkpoint.generation,
        digest: checkpoint.lastDigest,
        pages: checkpoint.pages,
        ...(await offloadOf(collector)),
      };
    }),

    planOffload: activity('planOffload', (input) => planOffload(collectors, sinks, input)),

    offloadBatches: activity('offloadBatches', (input) =>
      offloadBatches(dependencies, collectors, sinks, input, cancellationSignal()),
    ),

    applyRetention: activity('applyRetention', async ({ collector }) => ({
      cleared: await applyRetention(dependencies, collectors, collector),
    })),

    fetchPages: activity('fetchPages', (input) => fetchPages(dependencies, collectors, cache, input)),

    enrichPages: activity('enrichPages', (input) => enrichPages(dependencies, collectors, cache, input)),

    writePages: activity('writePages', (input) => writePages(dependencies, collectors, cache, input)),

    /** U20 Write Exec Log Record, for a run that found nothing new, or for a run or a command that failed. */
    writeExecutionLog: activity('writeExecutionLog', async ({ collector, failure, command }): Promise<void> => {
      const { workflowExecution, activityId } = activityInfo();
      const key = `${workflowExecution?.runId}/${activityId}`;
      if (failure === undefined) return store.logIdleRun(collector, key);
      // A run for a name that does not exist leaves nothing behind.
      await collectors.require(collector);
      if (command) return store.logFailedCommand(collector, `${command.kind} failed: ${failure}`, command.keys);
      return store.logFailedRun(collector, failure, key);
    }),

    /** U03 Reset Checkpoint */
    resetCheckpoint: activity('resetCheckpoint', async ({ collector, keys }): Promise<void> => {
      await collectors.require(collector);
      await store.resetCheckpoint(collector, keys);
    }),

    /** U04 Clear Events Table. Gives the reason where it was not carried out. */
    clearEvents: activity('clearEvents', async ({ collector, keys, force }): Promise<string | null> => {
      await collectors.require(collector);
      return store.clearEvents(collector, keys, await collectors.sinks(collector), force);
    }),

    rewindCheckpoint: activity('rewindCheckpoint', ({ collector, from }) =>
      store.rewind(collector, from.offset, from.generation),
    ),

    /** U02 Set env vars */
    setEnvironmentVariables: activity('setEnvironmentVariables', (input) => collectors.setEnvironmentVariables(input)),
  } satisfies { [Name in ActivityName]: Activity<Name> };
}
