import { sinkPrefix } from '../../settings/definition.js';
import { type EffectiveSetting, effectiveCollector } from '../../settings/effective.js';
import { collectorNames } from '../../settings/names.js';
import { effectiveSink } from '../../sinks/effective.js';
import { sinkNames } from '../../sinks/names.js';
import { sinks } from '../../sinks/registry.js';
import { sourceKinds } from '../../sources/kinds.js';
import { sources } from '../../sources/registry.js';
import type { Context } from '../context.js';
import { print, printJson, table } from '../output.js';

type Shown = Omit<EffectiveSetting, 'origin'> & {
  origin: Exclude<EffectiveSetting['origin'], 'variable'> | 'environment' | '.env' | 'demo';
};

/** `trawl env get [NAME] --effective`: the settings as they are in force, and where each comes from. */
export async function envEffective(
  context: Context,
  name: string | undefined,
  { json, own }: { json?: boolean; own?: boolean },
): Promise<number> {
  const store = await context.storeIfAny(own ? context.settings.realStore : undefined);
  const rows = (await store?.settings()) ?? {};
  const env = own ? context.settings.env : context.environment();
  const names =
    name === undefined
      ? [...collectorNames(sourceKinds, rows, env), ...sinkNames(rows, env).map((sink) => `${sinkPrefix}${sink}`)]
      : [name];
  const found = names.map((one) => {
    const settings = one.startsWith(sinkPrefix)
      ? effectiveSink(one.slice(sinkPrefix.length), sinks, rows, env)
      : effectiveCollector(one, sources, rows, env);
    return [one, settings.map((setting) => shownBy(context, setting))] as const;
  });
  if (json) await printJson(Object.fromEntries(found));
  else
    await print(
      table(
        ['COLLECTOR', 'NAME', 'VALUE', 'ORIGIN'],
        found.flatMap(([one, settings]) =>
          settings.map((each) => [one, each.setting, valueText(each), originText(each)]),
        ),
      ),
    );
  return 0;
}

/** Says of a variable where it is set: in the environment, which takes precedence, in .env, or by the demo that runs. */
function shownBy({ settings: { env } }: Context, { origin, ...setting }: EffectiveSetting): Shown {
  if (origin !== 'variable') return { ...setting, origin };
  const variable = setting.from ?? '';
  if (process.env[variable]) return { ...setting, origin: 'environment' };
  return { ...setting, origin: env[variable] === undefined ? 'demo' : '.env' };
}

function valueText({ value, hidden, origin }: Shown): string {
  if (hidden) return '(hidden)';
  return value ?? (origin === 'not set' ? '-' : '(not shown)');
}

function originText({ origin, from, setting, pointsTo }: Shown): string {
  if (origin === 'name') return 'its name';
  const place = from === null || from === setting ? origin : `${origin} (${from})`;
  return pointsTo === null ? place : `${place}: ${pointsTo}`;
}
