import type { Source } from '../source.js';
import { AsaClient } from './client.js';
import { processAuditEvent } from './enrich.js';
import { parseAsaPage } from './page.js';
import { type AsaSettings, asaSettings } from './settings.js';

/** Okta Advanced Server Access: the audit log that the article collects. */
export const asa: Source<AsaSettings> = {
  kind: 'asa',
  retentionDays: 90,
  settings: asaSettings,
  open: (settings, http) => new AsaClient(http, settings),
  parse: parseAsaPage,
  enrich: processAuditEvent,
};
