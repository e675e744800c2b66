import type { Configurable, SettingDefinition } from './definition.js';

/** Variables that are only there to be named by rows of the table. */
const forTables = /^TRAWL_SECRET_[A-Z0-9_]+$/;

/** Settings of the process that have the same form. */
const ofProcess: ReadonlySet<string> = new Set(['TRAWL_SECRET_FOLDERS', 'TRAWL_SECRET_HOSTS']);

/** True for a variable that holds a secret for rows of the table to name. */
export function isSecretForTables(variable: string): boolean {
  return forTables.test(variable) && !ofProcess.has(variable);
}

/**
 * Says why a row of the table may not name a variable; undefined if it may. Any other variable could hold a secret that is
 * none of a source's or a sink's, such as PGPASSWORD.
 */
export function variableProblem(
  { key }: SettingDefinition,
  source: Configurable,
  variable: string,
): string | undefined {
  if (isSecretForTables(variable)) return undefined;
  const secrets = source.settings.filter(({ secret }) => secret);
  if (secrets.some((definition) => isVariableOf(definition, variable))) return undefined;
  const known = secrets.map(({ env }) => env).join(', ');
  return `${key}Env in the table names a variable that rows of the table may not name: rename it, in the environment or .env of the worker, to ${known} or to a name that begins with TRAWL_SECRET_, and set ${key}Env to that`;
}

/**
 * The beginning of the names of another sink's variables, such as `SINK_OTHER_`, if the variable holds a secret of that
 * sink; undefined for the sink's own variables and for those that belong to no sink.
 */
export function otherSinkOf(source: Configurable, variable: string): string | undefined {
  const secrets = source.settings.filter(({ secret }) => secret);
  if (isSecretForTables(variable) || secrets.some(({ env }) => env === variable)) return undefined;
  const names = secrets.flatMap(({ ofEverySink: name }) => (name && variable.endsWith(`_${name}`) ? [name] : []));
  const [longest] = names.sort((a, b) => b.length - a.length);
  return longest && variable.slice(0, -longest.length);
}

/** True for the setting's own variable, or for that of the same setting of another sink. */
function isVariableOf({ env, ofEverySink }: SettingDefinition, variable: string): boolean {
  return (
    variable === env ||
    (ofEverySink !== undefined && /^SINK_[A-Z0-9_]+$/.test(variable) && variable.endsWith(`_${ofEverySink}`))
  );
}
