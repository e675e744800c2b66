import type { WorkflowHandle } from '@temporalio/client';
import type { OffloadProgress } from '../../../workflows/messages.js';
import { offloadId, reoffloadId, taskQueue } from '../../temporal/names.js';
import { utcText } from '../../timestamp.js';
import type { Context } from '../context.js';
import { interrupted, unless } from '../interrupt.js';
import { inWords, OffloadWatch } from '../offload-watch.js';
import { print, printJson, tell } from '../output.js';
import { runFailed } from '../run-troubles.js';
import { readyTemporal } from '../temporal-session.js';
import { type TimeRangeOptions, timeRange } from '../time-option.js';
import { WrongCall } from '../wrong-call.js';

interface OffloadOptions extends TimeRangeOptions {
  sink?: string[];
  name?: string;
  json?: boolean;
}

/**
 * `trawl offload NAME`: sends new events to the sinks now, and ends when the sinks have them. With `--since` and
 * `--until`, it sends a time range again, under separate names.
 */
export async function offload(context: Context, name: string, options: OffloadOptions): Promise<number> {
  const { sink: sinks, since, until, name: series } = options;
  if ((since !== undefined || until !== undefined) !== (series !== undefined))
    throw new WrongCall(
      'A repetition needs a time range and a name.',
      'For example: --since 2026-01-01 --until 2026-02-01 --name january',
    );
  const range = rangeOf({ since, until });
  const ended = interrupted();
  const ready = await unless(
    ended,
    readyTemporal(context, `offload ${name}`, {
      names: [name],
      settled: (store) => context.offloading(store, name),
    }),
  );
  if (typeof ready === 'number') return ready;
  const { client, failed } = ready;
  // The range as it can be given again: an age means another one each time.
  if (series !== undefined) tell(`${name}: sending again as ${series}: ${givenAs(range)}`);
  // Together with the client, which is loaded only while a server of its own starts.
  const { patiently } = await import('../../temporal/patience.js');
  const { WorkflowExecutionAlreadyStartedError } = await import('@temporalio/client');
  const workflowId = series === undefined ? offloadId(name) : reoffloadId(name, series);
  const begin = () =>
    client.workflow.start('offloadEvents', {
      workflowId,
      taskQueue,
      args: [{ collector: name, now: true, ...(sinks ? { sinks } : {}), ...(series ? { series, ...range } : {}) }],
      workflowIdConflictPolicy: series === undefined ? 'FAIL' : 'USE_EXISTING',
      staticSummary: `${name}: offload now`,
    });
  const watch = new OffloadWatch(client, name);
  context.onClose(async () => watch.end());
  let handle: WorkflowHandle | undefined;
  while (!handle) {
    handle = await patiently(begin, tell).catch((error: unknown) => {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return undefined;
      throw error;
    });
    if (handle) break;
    // The other one may send to other sinks, or leave a partial batch.
    tell('Another offload is under way: waiting for it to end.');
    const other = client.workflow.getHandle(workflowId);
    const before = patiently(() => other.result(), tell).catch(() => undefined);
    const interruption = await Promise.race([before, failed, ended, watch.show(other, before)]);
    if (typeof interruption === 'number') return stopped(interruption);
  }
  const running = handle;
  const done = patiently(() => running.result() as Promise<OffloadProgress>, tell).then(
    (progress) => ({ progress }),
    (error: unknown) => ({ error }),
  );
  const outcome = await Promise.race([done, failed, ended, watch.show(running, done)]).finally(() => watch.end());
  if (typeof outcome === 'number') return stopped(outcome);
  if ('error' in outcome)
    throw await runFailed(outcome.error, 'Offloading', 'Confirmed events are kept; the next run sends the rest.');
  if (options.json) await printJson(outcome.progress);
  else await print(`${inWords(outcome.progress)}\n`);
  return 0;
}

/** @param code the exit code of the signal */
function stopped(code: number): number {
  tell('Interrupted: confirmed events are kept, and the next offload continues from there.');
  return code;
}

/** RFC 3339 in UTC, to the nanosecond. */
function rangeOf(options: TimeRangeOptions): { since: string | null; until: string | null } {
  const { sinceNs, untilNs } = timeRange(options);
  const text = (ns: bigint | undefined) => (ns === undefined ? null : inUtc(ns));
  return { since: text(sinceNs), until: text(untilNs) };
}

function givenAs({ since, until }: { since: string | null; until: string | null }): string {
  return [since && `--since ${since}`, until && `--until ${until}`].filter(Boolean).join(' ');
}

/** In milliseconds where that says it all, as it was always written: the same range must be the same text. */
function inUtc(ns: bigint): string {
  return utcText(ns, ns % 1_000_000n === 0n ? 3 : 9);
}
