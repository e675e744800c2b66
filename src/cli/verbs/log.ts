import { sinkPrefix } from '../../settings/definition.js';
import type { Context } from '../context.js';
import { print, printJson, table } from '../output.js';

/** `trawl log [NAME]`: the execution log, oldest line first; that of `sink:NAME` has the changes of its settings. */
export async function log(
  context: Context,
  name: string | undefined,
  options: { limit: number; json?: boolean },
): Promise<number> {
  const store = await context.existingStore();
  if (name !== undefined && !name.startsWith(sinkPrefix)) await context.requireCollector(store, name);
  const lines = (await store.executionLog({ collector: name, limit: options.limit })).reverse();
  if (options.json) await printJson(lines);
  else
    await print(
      table(
        ['DATETIME', 'COLLECTOR', 'EVENTS WRITTEN', 'NOTES'],
        lines.map((line) => [line.datetime, line.collector, String(line.eventsWritten), line.notes]),
      ),
    );
  return 0;
}
