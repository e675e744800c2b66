import { z } from 'zod';
import { defineSettings, type ValuesOf } from '../../settings/definition.js';
import {
  baseUrlSchema,
  plainText,
  searchCountSetting,
  trueFalseSetting,
  wholeNumberSetting,
} from '../../settings/kinds.js';
import { epochNanoseconds } from '../../timestamp.js';
import { credentialsProblem } from './credentials.js';
import { filterSettings } from './filters.js';
import { rfc3339Of } from './timestamp.js';

const signIn = 'SKYFLOW_API_KEY and SKYFLOW_CREDENTIALS_FILE';

/** Settings of a Skyflow collector. */
export const skyflowSettings = defineSettings({
  skyflowAccountId: {
    env: 'SKYFLOW_ACCOUNT_ID',
    meaning: 'Id of the Skyflow account',
    expected: "the id shown in Skyflow Studio's account settings",
    schema: plainText(),
  },
  skyflowVaultUrl: {
    env: 'SKYFLOW_VAULT_URL',
    meaning: 'Base URL of the audit API: that of a vault, or of the management plane',
    expected: 'an http or https URL without a query, for example https://ebfc9bee4242.vault.skyflowapis.com',
    guarded: true,
    address: { vendorHosts: ['*.skyflowapis.com'] },
    schema: baseUrlSchema.transform((url) => url.replace(/\/v1$/, '')),
  },
  skyflowApiKey: {
    env: 'SKYFLOW_API_KEY',
    meaning: 'An API key or a bearer token',
    expected: 'only the key or the token, on one line',
    secret: true,
    oneOf: signIn,
    characters: 'key',
    schema: z.string().regex(/^[\x21-\x7e]{1,8192}$/),
  },
  skyflowCredentials: {
    env: 'SKYFLOW_CREDENTIALS',
    meaning: 'Credentials file of a service account',
    expected: 'the JSON of the credentials file of a service account',
    secret: true,
    oneOf: signIn,
    explained: true,
    characters: 'any',
    schema: z.string().superRefine((text, context) => {
      const message = credentialsProblem(text);
      if (message !== null) context.addIssue({ code: 'custom', message });
    }),
  },
  skyflowKeepContent: trueFalseSetting(
    {
      env: 'SKYFLOW_KEEP_CONTENT',
      meaning: 'Store request.data.content and response.data.content, which can contain sensitive values',
    },
    'false',
  ),
  skyflowOverlapMinutes: wholeNumberSetting(
    {
      env: 'SKYFLOW_OVERLAP_MINUTES',
      meaning: 'How late an event may appear and still be found; minutes. 0: trust the cursor',
      throughTemporal: true,
    },
    [0, 1440],
    15,
  ),
  searchCount: searchCountSetting(1000),
  ...filterSettings,
});

export type SkyflowSettings = ValuesOf<typeof skyflowSettings>;

/** Problems that involve several settings. */
export function checkSkyflowSettings({
  skyflowFilterStartTime: start,
  skyflowFilterEndTime: end,
}: Partial<SkyflowSettings>): string[] {
  if (start === undefined || end === undefined || timeNs(start) <= timeNs(end)) return [];
  return ['SKYFLOW_FILTER_START_TIME is after SKYFLOW_FILTER_END_TIME, so there can be no events'];
}

function timeNs(sqlTimestamp: string): bigint {
  return epochNanoseconds(rfc3339Of(sqlTimestamp)!)!;
}
