import { randomUUID } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import type { SettingsChange } from '../environment.js';
import { settingsChange } from '../settings/change.js';
import { everySetting } from '../settings/collector.js';
import { sinkPrefix } from '../settings/definition.js';
import { sinks } from '../sinks/registry.js';
import { everySinkSetting } from '../sinks/resolve.js';
import { sources } from '../sources/registry.js';

/** The change that the execution log tells of. */
export function changeBy(verb: string, name: string): SettingsChange {
  const kinds = name.startsWith(sinkPrefix) ? everySinkSetting(sinks) : everySetting(sources);
  return settingsChange(`${verb} by ${userName()} on ${hostname()}`, randomUUID(), kinds);
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user may have no name.
    return `user ${process.getuid?.() ?? 'unknown'}`;
  }
}
