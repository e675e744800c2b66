import { condition, continueAsNew, patched, setCurrentDetails, setHandler } from '@temporalio/workflow';
import { orRunFailure, runFailure } from './failure.js';
import { historyIsFull } from './history.js';
import { offloadInput, parseInput } from './input.js';
import { type OffloadProgress, offloadProgressQuery, type SinkProgress } from './messages.js';
import { offloadActivities, stepOptions } from './options.js';

const lookAgainMs = 30_000;
const example = '{"collector":"asa"}';

/**
 * Sends a collector's events to its sinks, in the order of their sequence numbers. Then clears events that every sink
 * has confirmed and that are past their retention. Safe to run beside M10 and beside another `offloadEvents`: the store
 * fixes the contents of a batch before it is sent, and a sink's cursor moves only after the sink has confirmed it.
 *
 * Sinks are independent: one that is down makes this run fail at its end and does not hold up the others.
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
  const plan = await orRunFailure(
    offloadActivities.planOffload.executeWithOptions(stepOptions(collector, 'beginning'), [
      { collector, ...(wanted ? { sinks: wanted } : {}) },
    ]),
  );
  const failures: unknown[] = [];
  for (const sink of Object.keys(progress.sinks)) if (!plan.sinks.includes(sink)) delete progress.sinks[sink];
  const looksAgain = patched('a sink that is done looks again while others send');
  const othersSend = (sink: string) =>
    Object.entries(progress.sinks).some(([other, { state }]) => other !== sink && state === 'sending');

  /** Keeps this sink up to date with newly collected events while other sinks are slow or down. */
  async function keepSending(sink: string): Promise<void> {
    await send(sink);
    while (
      looksAgain &&
      ofSink(progress, sink).state === 'done' &&
      othersSend(sink) &&
      !historyIsFull(historyEventsMax)
    ) {
      if (await condition(() => !othersSend(sink), lookAgainMs)) return;
      await send(sink);
    }
  }

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

  const open = plan.sinks.filter((sink) => progress.sinks[sink]?.state !== 'done');
  // Mark all of them first, so that each sees the others.
  for (const sink of open) ofSink(progress, sink).state = 'sending';
  await Promise.all(open.map(keepSending));
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

/** Progress as the UI's current details show it (Markdown). */
function inWords({ collector, sinks, cleared }: OffloadProgress): string {
  const lines = Object.entries(sinks).map(
    ([sink, { state, events, batches, refused }]) =>
      `**${collector}** to **${sink}**: ${state}, ${events} events in ${batches} batches${refused > 0 ? `, ${refused} refused (see \`refused_events\`)` : ''}`,
  );
  if (cleared > 0) lines.push(`${cleared} events cleared from the table`);
  return lines.join('\n\n');
}
