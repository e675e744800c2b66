import { randomUUID } from 'node:crypto';
import type { SettingsChange } from '../environment.js';
import { settingsChange } from '../settings/change.js';
import { everySetting } from '../settings/collector.js';
import { sinkPrefix } from '../settings/definition.js';
import { sinks } from '../sinks/registry.js';
import { everySinkSetting } from '../sinks/resolve.js';
import { sources } from '../sources/registry.js';
import { caller } from './user-name.js';

/** The change that the execution log tells of. */
export function changeBy(verb: string, name: string): SettingsChange {
  const kinds = name.startsWith(sinkPrefix) ? everySinkSetting(sinks) : everySetting(sources);
  return settingsChange(`${verb} by ${caller()}`, randomUUID(), kinds);
}
