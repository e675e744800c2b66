import type { Sink } from '../sink.js';
import { WebhookClient } from './client.js';
import { type WebhookSettings, webhookSettings } from './settings.js';

/** Any receiver that accepts JSON by POST. */
export const webhook: Sink<WebhookSettings> = {
  kind: 'webhook',
  settings: webhookSettings,
  open: (settings, { http }) => new WebhookClient(http, settings),
};
