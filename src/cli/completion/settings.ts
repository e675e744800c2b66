import type { Configurable } from '../../settings/definition.js';
import { sinkPrefix } from '../../settings/definition.js';
import { offloadSettings } from '../../settings/offload.js';
import { tableKeys } from '../../settings/table-keys.js';
import { sourceKinds } from '../../sources/kinds.js';
import type { Candidate } from './words.js';

/** The settings that `env set NAME` takes, each as `KEY=`. */
export async function settingsOf(
  name: string,
  rows: Readonly<Record<string, string>>,
  typed: readonly string[],
): Promise<Candidate[]> {
  const given = (key: string) => typed.find((word) => word.startsWith(`${key}=`))?.slice(key.length + 1) ?? rows[key];
  if (name.startsWith(sinkPrefix)) {
    const { sinks } = await import('../../sinks/registry.js');
    const { commonSettings } = await import('../../sinks/settings.js');
    const sink = sinks.find(({ kind }) => kind === given('kind'));
    if (!sink) return sinks.map(({ kind }) => ({ value: `kind=${kind}`, description: '' }));
    return [...candidatesOf(sink), ...candidatesOf({ settings: commonSettings })];
  }
  const source = sourceKinds.find(({ kind }) => kind === (given('source') ?? name));
  if (!source) return sourceKinds.map(({ kind, title }) => ({ value: `source=${kind}`, description: title }));
  return [...candidatesOf({ settings: await source.everySetting() }), ...candidatesOf({ settings: offloadSettings })];
}

/** Without the secrets themselves, which the table refuses. */
function candidatesOf(configurable: Configurable): Candidate[] {
  return [...tableKeys(configurable)]
    .filter(([, { definition, pointer }]) => definition.secret !== true || pointer !== undefined)
    .map(([key, { definition, pointer }]) => ({
      value: `${key}=`,
      description: meaningOf(definition.meaning, pointer),
    }));
}

function meaningOf(meaning: string, pointer: 'File' | 'Env' | undefined): string {
  if (pointer === undefined) return meaning;
  return `${meaning}: ${pointer === 'File' ? 'path of a file with it' : 'name of a variable with it'}`;
}
