import type { Sink } from '../sink.js';
import { WebhookClient } from './client.js';
import { webhookSettingDefinitions, webhookSettings } from './settings.js';

/** Any receiver that takes JSON by POST. */
export const webhook: Sink = {
  kind: 'webhook',
  settings: webhookSettingDefinitions,
  open: (settings, { http }) => new WebhookClient(http, webhookSettings(settings)),
};
