import { defineSettings, type ValuesOf } from '../../settings/definition.js';
import { baseUrlSetting, plainText, searchCountSetting } from '../../settings/kinds.js';

/** Settings of an ASA collector. */
export const asaSettings = defineSettings({
  asaTeam: {
    env: 'ASA_TEAM',
    meaning: 'Name of the ASA team',
    expected: 'the name in the URL of its console, for example william-faulkner',
    schema: plainText().regex(/^(?!\.{1,2}$)[^/?#\s]+$/),
  },
  asaKeyId: {
    env: 'ASA_KEY_ID',
    meaning: "Id of the service user's API key",
    expected: 'the id shown when the key was created (a UUID)',
    guarded: true,
    characters: 'key',
    schema: plainText(),
  },
  asaKeySecret: {
    env: 'ASA_KEY_SECRET',
    meaning: "Secret of the service user's API key",
    expected: 'the secret shown once when the key was created (base64)',
    secret: true,
    characters: 'key',
    schema: plainText(4096),
  },
  asaBaseUrl: {
    ...baseUrlSetting({ env: 'ASA_BASE_URL', meaning: 'Base URL of the API' }, ['*.scaleft.com']),
    default: 'https://app.scaleft.com/v1',
  },
  searchCount: searchCountSetting(1000),
});

export type AsaSettings = ValuesOf<typeof asaSettings>;
