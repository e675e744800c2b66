import { continueAsNew, patched, setCurrentDetails, setHandler } from '@temporalio/workflow';
import type { OffloadPlan } from '../activities/types.js';
import { orRunFailure, runFailure } from './failure.js';
import { historyIsFull } from './history.js';
import { offloadInput, parseInput } from './input.js';
import { type OffloadProgress, offloadProgressQuery } from './messages.js';
import { SinkChildren } from './offload-children.js';
import { offloadInWords, ofSink } from './offload-progress.js';
import { sendSideBySide } from './offload-side-by-side.js';
import { offloadActivities, stepOptions } from './options.js';
import { type SinkTask, sendBatches, showAttempts } from './send-batches.js';

/**
 * Sends a collector's events to its sinks, in the order of their sequence numbers. Clears events that every sink has
 * confirmed and that are past their retention. Safe to run beside M10 and beside another `offloadEvents`: the store
 * fixes the contents of a batch before it is sent, and a sink's cursor moves only after the sink has confirmed it.
 *
 * Sinks are independent: each of several has a child workflow. One that is down makes this run fail at its end and does
 * not hold up the others: they get what is collected meanwhile, and retention is applied when it is due.
 */
export async function offloadEvents(input: unknown, carried?: OffloadProgress): Promise<OffloadProgress> {
  const { sinks: wanted, ...given } = parseInput(offloadInput, input, '{"collector":"asa"}');
  const { collector, series, historyEventsMax } = given;
  const progress: OffloadProgress = carried ?? { collector, sinks: {}, cleared: 0 };
  setHandler(offloadProgressQuery, () => progress);
  const show = () => setCurrentDetails(offloadInWords(progress));
  showAttempts((sink) => progress.sinks[sink], show);
  const plan = (): Promise<OffloadPlan> =>
    orRunFailure(
      offloadActivities.planOffload.executeWithOptions(stepOptions(collector, 'beginning'), [
        { collector, ...(wanted ? { sinks: wanted } : {}) },
      ]),
    );
  const taskFor = (sink: string): SinkTask => ({ ...given, sink });

  async function retain(): Promise<void> {
    const { cleared } = await offloadActivities.applyRetention.executeWithOptions(
      stepOptions(collector, 'catch-up', `${collector}: retention`),
      [{ collector }],
    );
    progress.cleared += cleared;
    show();
  }

  async function sendByChildren(first: OffloadPlan): Promise<unknown[]> {
    const children = new SinkChildren(progress, show);
    for (let found = first; ; found = await plan()) {
      keepOnly(found.sinks, progress);
      for (const sink of found.sinks) {
        const state = progress.sinks[sink]?.state ?? 'sending';
        const isBehind = series === '' && (found.behind ?? []).includes(sink);
        const isDue = state === 'done' ? isBehind : state === 'sending' || children.mayRetry(sink);
        if (isDue) await children.start(taskFor(sink));
      }
      if (found.retentionDue && series === '') await retain();
      await children.ended();
      if (!children.sending || historyIsFull(historyEventsMax)) return children.failures;
    }
  }

  async function sendAlone(sink: string): Promise<unknown[]> {
    try {
      const own = ofSink(progress, sink);
      show();
      await sendBatches(taskFor(sink), own, show);
      return [];
    } catch (error) {
      return [error];
    }
  }

  const first = await plan();
  keepOnly(first.sinks, progress);
  const [sink, ...others] = first.sinks;
  let failures: unknown[] = [];
  if (!patched('one child workflow for each sink')) {
    failures = await sendSideBySide(first.sinks.map(taskFor), progress, historyEventsMax);
  } else if (others.length > 0) failures = await sendByChildren(first);
  else if (sink !== undefined) failures = await sendAlone(sink);
  const left = Object.values(progress.sinks).some(({ state }) => state === 'sending');
  if (left) await continueAsNew<typeof offloadEvents>(input, progress);
  if (first.retains && series === '') await retain();
  show();
  if (failures.length > 0) throw runFailure(failures[0]);
  return progress;
}

/** Forgets sinks that the collector no longer has. Their children end by themselves. */
function keepOnly(sinks: readonly string[], progress: OffloadProgress): void {
  for (const sink of Object.keys(progress.sinks)) if (!sinks.includes(sink)) delete progress.sinks[sink];
}
