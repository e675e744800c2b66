import { processSettingDefinitions } from '../../src/cli/process-settings.js';
import { sources } from '../../src/sources/registry.js';

const settings = new Set<string>([
  ...processSettingDefinitions.map(({ env }) => env),
  ...sources.flatMap(({ settings: own }) => own.flatMap(({ env }) => [env, `${env}_FILE`])),
]);

/** Returns true for a variable that Trawl, or a library that it passes the environment to, knows. */
export const isSetting = (name: string) => settings.has(name) || /^(TEMPORAL_|PG|NODE_)/.test(name);
