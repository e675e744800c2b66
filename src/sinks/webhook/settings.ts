import { z } from 'zod';
import type { Secret } from '../../secret.js';
import type { SettingDefinition } from '../../settings/definition.js';
import { countSetting, headerText } from '../push-settings.js';
import type { SinkSettings } from '../sink.js';

/** Unlike a base URL it may have a query, in which some receivers have a key. */
const webhookUrl = z
  .string()
  .max(2048)
  .refine((text) => {
    if (!URL.canParse(text) || text.includes('#')) return false;
    const url = new URL(text);
    const plain = url.username === '' && url.password === '';
    return plain && (url.protocol === 'https:' || url.protocol === 'http:');
  });

/** What a webhook is told. */
export const webhookSettingDefinitions: readonly SettingDefinition[] = [
  {
    key: 'url',
    env: 'URL',
    meaning: 'Where batches are posted to',
    expected: 'an http or https URL without a user or fragment',
    guarded: true,
    schema: webhookUrl,
  },
  {
    key: 'signingSecret',
    env: 'SIGNING_SECRET',
    meaning: 'Secret that requests are signed with; not set, they are not signed',
    expected: 'a text that the receiver knows too, of 16 characters at least',
    optional: true,
    secret: true,
    schema: headerText.min(16),
  },
  {
    key: 'authorization',
    env: 'AUTHORIZATION',
    meaning: 'The Authorization header, whole',
    expected: 'for example Bearer and a token',
    optional: true,
    secret: true,
    schema: headerText,
  },
  countSetting(
    { key: 'maxEvents', env: 'MAX_EVENTS', meaning: 'Events of a request at the most' },
    [1, 100_000],
    1_000,
  ),
  countSetting(
    { key: 'maxBytes', env: 'MAX_BYTES', meaning: 'Size of the events of a request at the most; bytes' },
    [1_000, 100_000_000],
    1_000_000,
  ),
];

export interface WebhookSettings {
  url: string;
  signingSecret: Secret | undefined;
  authorization: Secret | undefined;
  eventsMax: number;
  bytesMax: number;
}

export function webhookSettings({ values }: SinkSettings): WebhookSettings {
  return {
    url: values.url as string,
    signingSecret: values.signingSecret as Secret | undefined,
    authorization: values.authorization as Secret | undefined,
    eventsMax: values.maxEvents as number,
    bytesMax: values.maxBytes as number,
  };
}
