import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionLogLine } from '../../domain.js';
import type { LogFilter, Store } from '../../stores/store.js';
import type { Context } from '../context.js';
import { interrupted } from '../interrupt.js';
import { print, printable, printJson, table } from '../output.js';
import { type TimeRangeOptions, timeRange } from '../time-option.js';
import { padTo, widthOf } from '../width.js';

interface LogOptions extends TimeRangeOptions {
  limit?: number;
  follow?: boolean;
  json?: boolean;
}

/** Lines that are shown if no range of time is given. */
const linesDefault = 50;
const linesMax = 1_000_000;

const followEveryMs = 1_000;
/** Lines that are read each time; more, if more have been written since. */
const followLines = 200;

const headings = ['DATETIME', 'COLLECTOR', 'EVENTS WRITTEN', 'NOTES'] as const;

/** `trawl log [NAME]`: the execution log, oldest line first; that of `sink:NAME` has the changes of its settings. */
export async function log(context: Context, name: string | undefined, options: LogOptions): Promise<number> {
  const { since, until } = logRange(options);
  const store = await context.existingStore();
  if (name !== undefined) await context.requireOwner(store, name);
  const isRange = since !== undefined || until !== undefined;
  const filter: LogFilter = {
    collector: name,
    limit: options.limit ?? (isRange ? linesMax : linesDefault),
    since,
    until,
  };
  // Before the first look: a line that is committed meanwhile is shown by the next one.
  const ended = options.follow ? interrupted() : undefined;
  const before = ended && (await store.executionLog({ collector: name, limit: followLines }));
  const lines = (await store.executionLog(filter)).reverse();
  if (!ended || !before) {
    await (options.json ? printJson(lines) : print(table(headings, lines.map(cells))));
    return 0;
  }
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...lines.map((line) => widthOf(printable(cells(line)[column]!)))),
  );
  const show = async (line: ExecutionLogLine | readonly string[]) => {
    if ('line' in line) await print(options.json ? `${JSON.stringify(line)}\n` : row(cells(line), widths));
    else if (!options.json) await print(row(line, widths));
  };
  await show(headings);
  for (const line of lines) await show(line);
  const seen = new Set([...before, ...lines].map((one) => one.line));
  for await (const line of newLines(store, name, seen, ended)) await show(line);
  return 0;
}

/**
 * Yields each further line once, in order. Numbers do not tell what is new: a transaction may commit its line after one
 * with a higher number. So the newest lines are read again, as far back as one that was seen.
 */
async function* newLines(
  store: Store,
  collector: string | undefined,
  seen: Set<number>,
  ended: Promise<number>,
): AsyncGenerator<ExecutionLogLine> {
  let over = false;
  void ended.then(() => {
    over = true;
  });
  while (!over) {
    await Promise.race([sleep(followEveryMs), ended]);
    for (let limit = followLines; ; limit *= 2) {
      const newest = await store.executionLog({ collector, limit });
      if (newest.length === limit && !newest.some(({ line }) => seen.has(line))) continue;
      for (const one of newest.toReversed()) {
        if (seen.has(one.line)) continue;
        seen.add(one.line);
        yield one;
      }
      break;
    }
  }
}

/** Lines have milliseconds, and the range excludes what is a part of one too early. */
function logRange(options: TimeRangeOptions): Pick<LogFilter, 'since' | 'until'> {
  const { sinceNs, untilNs } = timeRange(options);
  const text = (ns: bigint | undefined) =>
    ns === undefined ? undefined : new Date(Number((ns + 999_999n) / 1_000_000n)).toISOString();
  return { since: text(sinceNs), until: text(untilNs) };
}

function cells({ datetime, collector, eventsWritten, notes }: ExecutionLogLine): string[] {
  return [datetime, collector, String(eventsWritten), notes];
}

function row(texts: readonly string[], widths: readonly number[]): string {
  return `${texts
    .map((text, column) => padTo(printable(text), widths[column]!))
    .join('  ')
    .trimEnd()}\n`;
}
