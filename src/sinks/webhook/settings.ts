import { z } from 'zod';
import { defineSettings, type ValuesOf } from '../../settings/definition.js';
import { isPlainUrl, wholeNumberSetting } from '../../settings/kinds.js';
import { headerText, timeoutSetting } from '../push-settings.js';
import { confirmationOf } from './confirmation.js';

/** Unlike a base URL, it may have a query, since some receivers expect a key there. */
const webhookUrl = z
  .string()
  .max(2048)
  .refine((text) => isPlainUrl(text) && !text.includes('#'));

/** Settings of a webhook. */
export const webhookSettings = defineSettings({
  url: {
    env: 'URL',
    meaning: 'URL to post batches to',
    expected: 'an http or https URL without a user or fragment',
    guarded: true,
    address: { vendorHosts: [] },
    secret: 'possible',
    schema: webhookUrl,
  },
  signingSecret: {
    env: 'SIGNING_SECRET',
    meaning: 'Secret for signing requests; not signed if not set',
    expected: 'a text of at least 16 characters, shared with the receiver',
    optional: true,
    secret: true,
    characters: 'password',
    schema: headerText.min(16),
  },
  authorization: {
    env: 'AUTHORIZATION',
    meaning: 'The whole Authorization header',
    expected: 'for example Bearer and a token',
    optional: true,
    secret: true,
    characters: 'password',
    schema: headerText,
  },
  confirm: {
    env: 'CONFIRM',
    meaning: 'What confirms a request: the whole answer, the status alone, or a member of its JSON',
    expected: 'answer, status, or a JSON pointer and a value, such as /result=stored',
    default: 'answer',
    schema: z
      .string()
      .max(1_000)
      .refine((text) => confirmationOf(text) !== undefined),
  },
  maxEvents: wholeNumberSetting(
    { env: 'MAX_EVENTS', meaning: 'Maximum number of events in a request' },
    [1, 100_000],
    1_000,
  ),
  maxBytes: wholeNumberSetting(
    { env: 'MAX_BYTES', meaning: 'Maximum size of the events in a request; bytes' },
    [1_000, 100_000_000],
    1_000_000,
  ),
  timeoutSeconds: timeoutSetting(60),
});

export type WebhookSettings = ValuesOf<typeof webhookSettings>;
