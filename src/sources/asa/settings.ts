import type { Secret } from '../../secret.js';
import {
  baseUrlSchema,
  type CollectorSettings,
  plainText,
  type SettingDefinition,
  searchCountSetting,
} from '../../settings/definition.js';

/** What an ASA collector is told. */
export const asaSettingDefinitions: readonly SettingDefinition[] = [
  {
    key: 'asaTeam',
    env: 'ASA_TEAM',
    meaning: 'Name of the ASA team',
    expected: 'the name as in the address of its console, for example william-faulkner',
    schema: plainText().regex(/^(?!\.{1,2}$)[^/?#\s]+$/),
  },
  {
    key: 'asaKeyId',
    env: 'ASA_KEY_ID',
    meaning: "Id of the service user's API key",
    expected: 'the id shown when the key was made (a UUID)',
    guarded: true,
    schema: plainText(),
  },
  {
    key: 'asaKeySecret',
    env: 'ASA_KEY_SECRET',
    meaning: "Secret of the service user's API key",
    expected: 'the secret shown once when the key was made (base64)',
    secret: true,
    schema: plainText(4096),
  },
  {
    key: 'asaBaseUrl',
    env: 'ASA_BASE_URL',
    meaning: 'Where the API is',
    expected: 'an http or https URL without a query',
    default: 'https://app.scaleft.com/v1',
    guarded: true,
    schema: baseUrlSchema,
  },
  searchCountSetting(1000),
];

export interface AsaSettings {
  team: string;
  keyId: string;
  keySecret: Secret;
  baseUrl: string;
  searchCount: number;
}

export function asaSettings({ values }: CollectorSettings): AsaSettings {
  return {
    team: values.asaTeam as string,
    keyId: values.asaKeyId as string,
    keySecret: values.asaKeySecret as Secret,
    baseUrl: values.asaBaseUrl as string,
    searchCount: values.searchCount as number,
  };
}
