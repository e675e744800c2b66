import { randomUUID } from 'node:crypto';
import { counted } from '../../counted.js';
import type { Context } from '../context.js';
import { print, printJson, table, tell } from '../output.js';

/**
 * `trawl rejected NAME`: the rejected events that are neither stored nor acknowledged, newest first. `--acknowledge`
 * settles all of them, and leaves a line in the execution log.
 */
export async function rejected(
  context: Context,
  name: string,
  { limit, acknowledge = false, json = false }: { limit: number; acknowledge?: boolean; json?: boolean },
): Promise<number> {
  const store = await context.existingStore();
  await context.requireCollector(store, name);
  if (acknowledge) {
    const acknowledged = await store.acknowledgeRejects(name, `cli/${randomUUID()}`);
    if (json) await printJson({ acknowledged });
    else await print(`${name}: ${counted(acknowledged, 'rejected event')} acknowledged\n`);
    return 0;
  }
  const rows = await store.rejectedEvents(name, limit);
  const total = (await store.standings(name))[0]?.unsettled?.events ?? 0;
  if (total > rows.length)
    tell(`The newest ${rows.length} of ${total}: --limit shows more, --acknowledge settles all.`);
  if (json) await printJson(rows);
  else if (rows.length === 0) await print(`${name}: every rejected event is stored or acknowledged\n`);
  else
    await print(
      table(
        ['REJECTED AT', 'REASON', 'EVENT'],
        rows.map(({ rejectedAt, reason, raw }) => [rejectedAt, reason, raw]),
      ),
    );
  return 0;
}
