import type { Source } from '../source.js';
import { DescopeClient, descopeRetentionDays } from './client.js';
import { processDescopeEvent } from './enrich.js';
import { parseDescopePage } from './page.js';
import { descopeSettingDefinitions, descopeSettings } from './settings.js';

/** Descope: the audit trail of a project. */
export const descope: Source = {
  kind: 'descope',
  retentionDays: descopeRetentionDays,
  // A second more than the minute: what is counted here is when a request is made, not when it arrives.
  requestLimit: { requests: 10, periodMs: 61_000 },
  settings: descopeSettingDefinitions,
  open: (settings, http) => new DescopeClient(http, descopeSettings(settings)),
  parse: parseDescopePage,
  enrich: processDescopeEvent,
  lookedUp: () => [],
};
