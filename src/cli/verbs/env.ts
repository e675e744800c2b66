import type { Context } from '../context.js';
import { print, printJson, table } from '../output.js';

interface GetOptions {
  json?: boolean;
  own?: boolean;
  /** Shows what is in force, wherever it is set. */
  effective?: boolean;
}

/** `trawl env get [NAME]`: U01, the Environment Variables table. */
export async function envGet(context: Context, name: string | undefined, options: GetOptions): Promise<number> {
  if (options.effective) return (await import('./env-effective.js')).envEffective(context, name, options);
  const store = await context.existingStore(options.own ? context.settings.realStore : undefined);
  if (name !== undefined) await context.requireOwner(store, name);
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
