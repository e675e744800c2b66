import type { Source } from '../source.js';
import { AsaClient } from './client.js';
import { lookedUpIds, processAuditEvent } from './enrich.js';
import { parseAsaPage } from './page.js';
import { asaSettingDefinitions, asaSettings } from './settings.js';

/** Okta Advanced Server Access: the audit log that the article collects. */
export const asa: Source = {
  kind: 'asa',
  retentionDays: 90,
  settings: asaSettingDefinitions,
  open: (settings, http) => new AsaClient(http, asaSettings(settings)),
  parse: parseAsaPage,
  enrich: processAuditEvent,
  lookedUp: lookedUpIds,
};
