import { cancellationSignal, log } from '@temporalio/activity';
import { TrawlError } from '../src/errors.js';
import { inSteps, removedAtOnce, takenOverAtOnce } from '../src/stores/in-steps.js';
import { plainText } from '../src/stores/sql/steps.js';
import type { Context } from './context.js';
import { expectRuns } from './expect-runs.js';
import { paced, requestWait } from './requests.js';
import { retentionIsDue } from './retention.js';
import type { ActivityInput, LastCheckpoint } from './types.js';

/** Longest delay of a run by unfinished work of many steps; the next run continues it. */
const leftOverMaxMs = 5_000;

/**
 * U10 Get Last Checkpoint, and whether the run should begin offloading. Records when the next run is due, and goes on
 * with a clearing that nobody has brought to its end: its command was given up, and the source may have nothing new. The
 * same holds for events that an earlier version has stored, and that the proof of completeness lacks.
 * @throws TrawlError as the store does; retried.
 */
export async function getLastCheckpoint(
  context: Context,
  { collector, recurrence }: ActivityInput<'getLastCheckpoint'>,
): Promise<LastCheckpoint> {
  if (recurrence) await expectRuns(context, collector, recurrence);
  const start = await context.store.walkStart(collector);
  const { lastOffset, generation, lastDigest, pages, isBeingRead, isClearing, isProofBehind, ...times } = start;
  const { store } = context;
  if (isClearing) await goOn(() => store.removeCleared(collector, removedAtOnce));
  if (isProofBehind) await goOn(() => store.takeOver(collector, takenOverAtOnce));
  return {
    ...{ offset: lastOffset, generation, digest: lastDigest, pages },
    ...(times.caughtUpAt !== null && times.caughtUpAt === times.lastDateTime ? { caughtUp: true } : {}),
    ...(isBeingRead ? { isBeingRead } : {}),
    ...(await offloadOf(context, collector)),
  };
}

async function goOn(step: () => Promise<boolean>): Promise<void> {
  const until = Date.now() + leftOverMaxMs;
  await inSteps(step, () => Date.now() <= until);
}

/**
 * U03 Reset Checkpoint, once for each key.
 * @throws TrawlError COLLECTOR_UNKNOWN; not retried.
 */
export async function resetCheckpoint(
  { store, collectors }: Context,
  { collector, keys }: ActivityInput<'resetCheckpoint'>,
): Promise<void> {
  await collectors.require(collector);
  await store.resetCheckpoint(collector, keys);
}

/**
 * Moves the checkpoint back to the oldest event that the source holds, after the source has refused its offset. Asks the
 * source once more: the input may come from anyone who can reach Temporal. If it answers, the checkpoint stays, and the
 * walk goes on from there.
 * @throws TrawlError OFFSET_REFUSED_AGAIN, not retried; as `fetchPages` does if the source neither answers nor refuses
 *   the offset
 */
export async function rewindCheckpoint(
  { store, collectors }: Context,
  { collector, from }: ActivityInput<'rewindCheckpoint'>,
): Promise<void> {
  const { lastOffset, generation } = await store.checkpoint(collector);
  if (lastOffset !== plainText(from.offset) || generation !== from.generation) return;
  const opened = await collectors.open(collector);
  const waitMs = await requestWait(store, opened);
  if (waitMs > 0) throw paced(waitMs);
  try {
    await opened.client.fetchPage(lastOffset, cancellationSignal());
    return log.warn('The source knows the offset again', { collector });
  } catch (error) {
    if (!(error instanceof TrawlError) || error.code !== 'OFFSET_UNKNOWN') throw error;
  }
  await store.rewind(collector, from.offset, from.generation);
}

/** Ignores invalid settings: they fail the run in the step that needs them. */
async function offloadOf({ store, collectors }: Context, collector: string): Promise<Pick<LastCheckpoint, 'offload'>> {
  const settings = await collectors.offloading(collector).catch(() => undefined);
  if (!settings) return {};
  const { offload: sinks = [], offloadWhen } = settings;
  if (offloadWhen !== 'after-run') return {};
  if (await retentionIsDue(store, collector, settings)) return { offload: 'due' };
  if (sinks.length === 0) return {};
  return { offload: (await store.offload.backlog(collector, sinks, 1)) > 0 ? 'due' : 'when new' };
}
