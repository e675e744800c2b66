import type { Source } from '../source.js';
import { SkyflowClient } from './client.js';
import { processAuditEvent } from './enrich.js';
import { parseSkyflowPage } from './page.js';
import { checkSkyflowSettings, type SkyflowSettings, skyflowSettings } from './settings.js';

/** Skyflow: data audit events of a vault, and events of the management plane. The vendor documents no retention. */
export const skyflow: Source<SkyflowSettings> = {
  kind: 'skyflow',
  settings: skyflowSettings,
  check: checkSkyflowSettings,
  open: (settings, http) => new SkyflowClient(http, settings),
  parse: parseSkyflowPage,
  enrich: processAuditEvent,
};
