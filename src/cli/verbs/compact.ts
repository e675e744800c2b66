import {
  type CompactableSink,
  type Compacted,
  compact as compactObjects,
  isCompactable,
} from '../../compaction/compact.js';
import { counted } from '../../counted.js';
import { TrawlError } from '../../errors.js';
import { answerBounds, HttpClient } from '../../http/client.js';
import { sinkNames } from '../../sinks/names.js';
import { sinkOf, sinks } from '../../sinks/registry.js';
import { resolveSink } from '../../sinks/resolve.js';
import type { Store } from '../../stores/store.js';
import type { Context } from '../context.js';
import { interrupted } from '../interrupt.js';
import { liveLine } from '../live-line.js';
import { print, printJson, tell } from '../output.js';
import { timeOption } from '../time-option.js';
import { WrongCall } from '../wrong-call.js';

interface CompactOptions {
  sink: string;
  before?: string;
  json?: boolean;
}

/** Longer than a step that sends: whoever has lost a batch to another sender does not write any of it after this time. */
const settledMs = 15 * 60_000;
const dayMs = 86_400_000;

/** `trawl offload NAME --compact --sink SINK`: merges the many small objects of a sink's folders into few large ones. */
export async function compact(context: Context, name: string, options: CompactOptions): Promise<number> {
  const { sink } = options;
  const nowMs = Date.now();
  const today = BigInt(nowMs - (nowMs % dayMs)) * 1_000_000n;
  const beforeNs = timeOption('--before', options.before, nowMs) ?? today;
  const store = await context.existingStore();
  await context.requireCollector(store, name);
  const client = await openSink(context, store, sink);
  const ending = new AbortController();
  void interrupted().then((code) => ending.abort(code));
  try {
    const done = await compactObjects({
      ...{ ledger: store.offload, client, collector: name, sink, beforeNs, signal: ending.signal },
      confirmedBefore: new Date(nowMs - settledMs).toISOString(),
      merged: ({ objects, into }) => liveLine.show(`${name}: ${counted(objects, 'object')} became ${into}`),
    }).finally(() => liveLine.show(''));
    if (options.json) await printJson({ collector: name, sink, ...done });
    else await print(`${[summary(name, sink, done), ...notes(done)].join('\n')}\n`);
    return done.problems.length + done.doubled.length > 0 ? 1 : 0;
  } catch (error) {
    if (!ending.signal.aborted) throw error;
    tell('Interrupted: every event is still there. The next compaction finishes what this one has begun.');
    return ending.signal.reason as number;
  }
}

async function openSink(context: Context, store: Store, sink: string): Promise<CompactableSink> {
  const { env, tuning } = context.settings;
  const table = await store.settings();
  const { kind, values } = resolveSink(sink, sinks, table, env);
  const http = new HttpClient(answerBounds(tuning.answerSeconds), env);
  context.onClose(() => http.close());
  const opened = (name: string) => {
    const found = resolveSink(name, sinks, table, env);
    return sinkOf(found.kind).open(found.values, { http, env });
  };
  const client = sinkOf(kind).open(values, { http, env });
  context.onClose(() => client.close());
  if (!isCompactable(client)) {
    throw new WrongCall(
      `The sink ${sink} is of the kind ${kind}, which has no objects to compact.`,
      '--compact takes a sink of the kind files or s3.',
    );
  }
  for (const other of sinkNames(table, env).filter((each) => each !== sink)) {
    const place = placeOf(() => opened(other).place);
    if (place === undefined || withoutSlash(place) !== withoutSlash(client.place)) continue;
    throw new TrawlError('SETTINGS_INVALID', `The sinks ${sink} and ${other} write to the same place.`, {
      hint: `Nothing was compacted: ${other} may list the same objects. Give one of them another place, or remove ${other}.`,
    });
  }
  return client;
}

/** A sink with invalid settings has written nothing with them. */
function placeOf(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function withoutSlash(place: string): string {
  return place.replace(/\/+$/, '');
}

function summary(name: string, sink: string, { objects, into, events, bytes, intoBytes }: Compacted): string {
  if (objects === 0) return `${name}: nothing was merged at ${sink}`;
  const sizes = `${bytes.toLocaleString('en')} bytes before, ${intoBytes.toLocaleString('en')} now`;
  return `${name}: ${counted(objects, 'object')} of ${sink} became ${into}, with the same ${counted(events, 'event')} (${sizes})`;
}

/** Objects of one kind that are named. */
const namedMax = 20;

function notes({ locked, doubled, problems, recent, foreign }: Compacted): string[] {
  const named = (what: string, left: Compacted['locked']) =>
    left.length === 0
      ? []
      : [
          `${counted(left.length, 'object')} ${what}:`,
          ...left.slice(0, namedMax).map(({ name, why }) => `  ${name}: ${why}`),
          ...(left.length > namedMax ? [`  and ${left.length - namedMax} more (--json names all)`] : []),
        ];
  return [
    ...named('stay as they are', locked),
    ...named('could not be deleted after they were merged, so readers of the folder find their events twice', doubled),
    ...(recent > 0
      ? [`${counted(recent, 'object')} of the last ${settledMs / 60_000} minutes left for a later compaction`]
      : []),
    ...(foreign > 0
      ? [`${counted(foreign, 'object')} of the layout security-lake left alone: Security Lake manages its own`]
      : []),
    ...problems,
  ];
}
