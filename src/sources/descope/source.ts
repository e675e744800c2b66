import type { Source } from '../source.js';
import { DescopeClient, descopeRetentionDays } from './client.js';
import { processDescopeEvent } from './enrich.js';
import { parseDescopePage } from './page.js';
import { type DescopeSettings, descopeSettings } from './settings.js';

/** Descope: the audit trail of a project. */
export const descope: Source<DescopeSettings> = {
  kind: 'descope',
  retentionDays: descopeRetentionDays,
  // A second more than the minute: what is counted here is when a request is made, not when it arrives.
  requestLimit: { requests: 10, periodMs: 61_000 },
  settings: descopeSettings,
  open: (settings, http) => new DescopeClient(http, settings),
  parse: parseDescopePage,
  enrich: processDescopeEvent,
  lookedUp: () => [],
};
