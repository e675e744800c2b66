import type { Source } from '../source.js';
import { DescopeClient, descopeRetentionDays } from './client.js';
import { processDescopeEvent } from './enrich.js';
import { parseDescopePage } from './page.js';
import { type DescopeSettings, descopeSettings } from './settings.js';

/** Descope: the audit trail of a project. */
export const descope: Source<DescopeSettings> = {
  kind: 'descope',
  retentionDays: descopeRetentionDays,
  // One second more than a minute: requests are counted when they are made, not when they arrive.
  requestLimit: { requests: 10, periodMs: 61_000 },
  settings: descopeSettings,
  open: (settings, http) => new DescopeClient(http, settings),
  parse: parseDescopePage,
  enrich: processDescopeEvent,
};
