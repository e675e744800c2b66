import { activityInfo, cancellationSignal } from '@temporalio/activity';
import { offloadSettings } from '../src/settings/offload.js';
import { Collectors } from './collectors.js';
import type { Dependencies } from './dependencies.js';
import { enrichPages } from './enrich-pages.js';
import { expectRuns } from './expect-runs.js';
import { asActivity } from './failure.js';
import { fetchPages } from './fetch-pages.js';
import { offloadBatches, planOffload } from './offload.js';
import { PageCache } from './page-cache.js';
import { applyRetention, retentionIsDue } from './retention.js';
import { Sinks } from './sinks.js';
import type {
  ClearEventsInput,
  CollectorInput,
  CommandInput,
  ExecutionLogInput,
  FetchedPages,
  FetchPagesInput,
  LastCheckpoint,
  LastCheckpointInput,
  OffloadBatchesInput,
  OffloadedBatches,
  OffloadPlan,
  PagesInput,
  PagesWritten,
  PlanOffloadInput,
  RewindInput,
  SetEnvironmentVariablesInput,
} from './types.js';
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
    getLastCheckpoint: ({ collector, recurrence }: LastCheckpointInput): Promise<LastCheckpoint> =>
      asActivity(async () => {
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

    planOffload: (input: PlanOffloadInput): Promise<OffloadPlan> =>
      asActivity(() => planOffload(collectors, sinks, input)),

    offloadBatches: (input: OffloadBatchesInput): Promise<OffloadedBatches> =>
      asActivity(() => offloadBatches(dependencies, collectors, sinks, input, cancellationSignal())),

    applyRetention: ({ collector }: CollectorInput): Promise<{ cleared: number }> =>
      asActivity(async () => ({ cleared: await applyRetention(dependencies, collectors, collector) })),

    fetchPages: (input: FetchPagesInput): Promise<FetchedPages> =>
      asActivity(() => fetchPages(dependencies, collectors, cache, input)),

    enrichPages: (input: PagesInput): Promise<{ events: number }> =>
      asActivity(() => enrichPages(dependencies, collectors, cache, input)),

    writePages: (input: PagesInput): Promise<PagesWritten> =>
      asActivity(() => writePages(dependencies, collectors, cache, input)),

    /** U20 Write Exec Log Record, for a run that found nothing new, or for a run or a command that failed. */
    writeExecutionLog: ({ collector, failure, command }: ExecutionLogInput): Promise<void> =>
      asActivity(async () => {
        const { workflowExecution, activityId } = activityInfo();
        const key = `${workflowExecution?.runId}/${activityId}`;
        if (failure === undefined) return store.logIdleRun(collector, key);
        // A run for a name that does not exist leaves nothing behind.
        await collectors.require(collector);
        if (command) return store.logFailedCommand(collector, `${command.kind} failed: ${failure}`, command.keys);
        return store.logFailedRun(collector, failure, key);
      }),

    /** U03 Reset Checkpoint */
    resetCheckpoint: ({ collector, keys }: CommandInput): Promise<void> =>
      asActivity(async () => {
        await collectors.require(collector);
        await store.resetCheckpoint(collector, keys);
      }),

    /** U04 Clear Events Table. Gives the reason where it was not carried out. */
    clearEvents: ({ collector, keys, force }: ClearEventsInput): Promise<string | null> =>
      asActivity(async () => {
        await collectors.require(collector);
        return store.clearEvents(collector, keys, await collectors.sinks(collector), force);
      }),

    rewindCheckpoint: ({ collector, from }: RewindInput): Promise<void> =>
      asActivity(() => store.rewind(collector, from.offset, from.generation)),

    /** U02 Set env vars */
    setEnvironmentVariables: (input: SetEnvironmentVariablesInput): Promise<void> =>
      asActivity(() => collectors.setEnvironmentVariables(input)),
  };
}
