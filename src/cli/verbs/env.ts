import type { Context } from '../context.js';
import { print, printJson, table } from '../output.js';

/** `trawl env get [NAME]`: U01, the Environment Variables table. */
export async function envGet(
  context: Context,
  name: string | undefined,
  options: { json?: boolean; own?: boolean },
): Promise<number> {
  const store = await context.existingStore(options.own ? context.settings.realStore : undefined);
  const all = await store.settings();
  const chosen = name === undefined ? all : { [name]: all[name] ?? {} };
  if (options.json) {
    await printJson(chosen);
    return 0;
  }
  const rows = Object.entries(chosen).flatMap(([collector, settings]) =>
    Object.entries(settings).map(([key, value]) => [collector, key, value]),
  );
  await print(table(['COLLECTOR', 'NAME', 'VALUE'], rows));
  return 0;
}
