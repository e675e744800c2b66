import { z } from 'zod';
import { defineSettings, type ValuesOf } from '../../settings/definition.js';
import { isPlainUrl, wholeNumberSetting } from '../../settings/kinds.js';
import { headerText } from '../push-settings.js';

/** Unlike a base URL it may have a query, in which some receivers have a key. */
const webhookUrl = z
  .string()
  .max(2048)
  .refine((text) => isPlainUrl(text) && !text.includes('#'));

/** What a webhook is told. */
export const webhookSettings = defineSettings({
  url: {
    env: 'URL',
    meaning: 'Where batches are posted to',
    expected: 'an http or https URL without a user or fragment',
    guarded: true,
    schema: webhookUrl,
  },
  signingSecret: {
    env: 'SIGNING_SECRET',
    meaning: 'Secret that requests are signed with; not set, they are not signed',
    expected: 'a text that the receiver knows too, of 16 characters at least',
    optional: true,
    secret: true,
    schema: headerText.min(16),
  },
  authorization: {
    env: 'AUTHORIZATION',
    meaning: 'The Authorization header, whole',
    expected: 'for example Bearer and a token',
    optional: true,
    secret: true,
    schema: headerText,
  },
  maxEvents: wholeNumberSetting({ env: 'MAX_EVENTS', meaning: 'Events of a request at the most' }, [1, 100_000], 1_000),
  maxBytes: wholeNumberSetting(
    { env: 'MAX_BYTES', meaning: 'Size of the events of a request at the most; bytes' },
    [1_000, 100_000_000],
    1_000_000,
  ),
});

export type WebhookSettings = ValuesOf<typeof webhookSettings>;
