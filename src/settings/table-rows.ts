import { TrawlError } from '../errors.js';
import { instead } from '../similar.js';
import type { Configurable, Setting } from './definition.js';
import { pointers, tableKeys } from './table-keys.js';
import { quote } from './texts.js';
import type { Route } from './through-temporal.js';
import { problemOf } from './values.js';

/**
 * Checks rows that are about to be written to the table.
 * @throws TrawlError SECRET_REFUSED or SETTINGS_INVALID; neither is retried.
 */
export function checkRows(
  name: string,
  source: Configurable,
  what: string,
  rows: Readonly<Record<string, string>>,
  route: Route,
): void {
  const keys = tableKeys(source);
  const problems: string[] = [];
  const closed: string[] = [];
  for (const [key, value] of Object.entries(rows)) {
    const entry = keys.get(key);
    if (!entry) {
      problems.push(`unknown setting ${quote(key)} of ${what}${instead(key, keys.keys())}`);
    } else if (entry.definition.secret === true && !entry.pointer) {
      const exposed =
        route === 'store' ? '' : ' The value is in the history of Temporal now: replace it at the vendor.';
      throw new TrawlError('SECRET_REFUSED', `${key} is a secret and is not written to the table.${exposed}`, {
        hint: `Put it into the environment (${entry.definition.env} or ${entry.definition.env}_FILE), or point to it: ${key}File=/path/to/file or ${key}Env=NAME_OF_VARIABLE.`,
      });
    } else if (route !== 'store' && (entry.pointer || entry.definition.guarded)) {
      throw new TrawlError(
        'SECRET_REFUSED',
        `${key} decides where secrets are read from or sent to, and cannot be set through Temporal.`,
        {
          hint: `Set it with access to the store: trawl env set ${name} ${key}=VALUE`,
        },
      );
    } else if (!isOpen(entry.definition, route)) {
      closed.push(key);
    } else if (entry.pointer) {
      if (!pointers[entry.pointer].test(value)) problems.push(`${key} must be the location of the secret`);
    } else {
      const problem = problemOf(entry.definition, key, value);
      if (problem !== undefined) problems.push(problem);
    }
  }
  if (closed.length > 0) throw closedToTemporal(name, closed, source, route);
  if (problems.length > 0) {
    throw new TrawlError('SETTINGS_INVALID', `Nothing was set: ${problems.join('; ')}.`, {
      hint: 'Correct these and set them again.',
    });
  }
}

/** True if a setting may be set by this route. A setting is closed to Temporal unless its definition opens it. */
export function isOpen({ throughTemporal }: Pick<Setting, 'throughTemporal'>, route: Route): boolean {
  return route === 'store' || route === 'all' || (route === 'safe' && throughTemporal === true);
}

export function closedToTemporal(
  name: string,
  keys: readonly string[],
  source: Configurable,
  route: Route,
): TrawlError {
  const open = source.settings.filter((definition) => isOpen(definition, route)).map(({ key }) => key);
  const allowed = open.length > 0 ? open.join(', ') : 'no setting';
  return new TrawlError(
    'NOT_THROUGH_TEMPORAL',
    `Nothing was set: TRAWL_TEMPORAL_SETTINGS=${route} allows ${allowed} through Temporal, not ${keys.join(', ')}.`,
    {
      hint: `Set it with access to the store: trawl env set ${name} ${keys.map((key) => `${key}=VALUE`).join(' ')}. TRAWL_TEMPORAL_SETTINGS=all, in the environment or .env of the worker, allows it through Temporal.`,
    },
  );
}
