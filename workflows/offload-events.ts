import { continueAsNew, setCurrentDetails, setHandler, workflowInfo } from '@temporalio/workflow';
import { runFailure } from './failure.js';
import { offloadInput, parseInput } from './input.js';
import { type OffloadProgress, offloadProgressQuery, type SinkProgress } from './messages.js';
import { offloadActivities, stepOptions } from './options.js';

const example = '{"collector":"asa"}';
/**
 * Sends a collector's events onwards to its sinks, in the order of their sequence numbers, and clears those that every
 * sink has and whose time has come. Safe while M10 runs, and while another one runs: what a batch holds is fixed in the
 * store before it is sent, and a cursor for each sink moves when the sink has confirmed it.
 *
 * Each sink goes by itself: one that is down fails this run at its end, and holds up no other.
 */
export async function offloadEvents(input: unknown, carried?: OffloadProgress): Promise<OffloadProgress> {
  const {
    collector,
    sinks: wanted,
    series,
    since,
    until,
    now,
    durationMaxMs,
    historyEventsMax,
  } = parseInput(offloadInput, input, example);
  const progress: OffloadProgress = carried ?? { collector, sinks: {}, cleared: 0 };
  setHandler(offloadProgressQuery, () => progress);
  const plan = await offloadActivities.planOffload.executeWithOptions(stepOptions(collector, 'beginning'), [
    { collector, ...(wanted ? { sinks: wanted } : {}) },
  ]);
  const failures: unknown[] = [];

  async function send(sink: string): Promise<void> {
    const own = ofSink(progress, sink);
    own.state = 'sending';
    try {
      while (!historyIsFull(historyEventsMax)) {
        const done = await offloadActivities.offloadBatches.executeWithOptions(
          stepOptions(collector, 'catch-up', `${collector} to ${sink}: from batch ${own.batches + 1}`),
          [{ collector, sink, series, since, until, now, durationMaxMs }],
        );
        for (const count of ['batches', 'events', 'bytes', 'unmapped', 'refused'] as const) own[count] += done[count];
        own.state = done.more ? 'sending' : 'done';
        setCurrentDetails(inWords(progress));
        if (!done.more) return;
      }
    } catch (error) {
      own.state = 'failed';
      failures.push(error);
    }
    setCurrentDetails(inWords(progress));
  }

  await Promise.all(plan.sinks.filter((sink) => progress.sinks[sink]?.state !== 'done').map(send));
  const left = Object.values(progress.sinks).some(({ state }) => state === 'sending');
  if (left) await continueAsNew<typeof offloadEvents>(input, progress);
  if (plan.retains && series === '') {
    const { cleared } = await offloadActivities.applyRetention.executeWithOptions(
      stepOptions(collector, 'catch-up', `${collector}: retention`),
      [{ collector }],
    );
    progress.cleared += cleared;
  }
  setCurrentDetails(inWords(progress));
  if (failures.length > 0) throw runFailure(failures[0]);
  return progress;
}

function ofSink({ sinks }: OffloadProgress, sink: string): SinkProgress {
  sinks[sink] ??= { state: 'sending', batches: 0, events: 0, bytes: 0, unmapped: 0, refused: 0 };
  return sinks[sink];
}

function historyIsFull(eventsMax: number): boolean {
  const { historyLength, continueAsNewSuggested } = workflowInfo();
  return continueAsNewSuggested || historyLength >= eventsMax;
}

/** Progress as the UI's current details show it (Markdown). */
function inWords({ collector, sinks, cleared }: OffloadProgress): string {
  const lines = Object.entries(sinks).map(
    ([sink, { state, events, batches, refused }]) =>
      `**${collector}** to **${sink}**: ${state}, ${events} events in ${batches} batches${refused > 0 ? `, ${refused} refused (see \`refused_events\`)` : ''}`,
  );
  if (cleared > 0) lines.push(`${cleared} events cleared from the table`);
  return lines.join('\n\n');
}
