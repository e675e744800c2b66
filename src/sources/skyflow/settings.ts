import { z } from 'zod';
import type { Secret } from '../../secret.js';
import {
  baseUrlSchema,
  type CollectorSettings,
  plainText,
  type SettingDefinition,
  searchCountSetting,
} from '../../settings/definition.js';
import { epochNanoseconds } from '../../timestamp.js';
import { credentialsProblem, type ServiceAccount, serviceAccountOf } from './credentials.js';
import { filterParameters, filterSettingDefinitions } from './filters.js';
import { rfc3339Of } from './timestamp.js';

const signIn = 'SKYFLOW_API_KEY and SKYFLOW_CREDENTIALS_FILE';

/** What a Skyflow collector is told. */
export const skyflowSettingDefinitions: readonly SettingDefinition[] = [
  {
    key: 'skyflowAccountId',
    env: 'SKYFLOW_ACCOUNT_ID',
    meaning: 'Id of the Skyflow account',
    expected: "the id as in Skyflow Studio's account settings",
    schema: plainText(),
  },
  {
    key: 'skyflowVaultUrl',
    env: 'SKYFLOW_VAULT_URL',
    meaning: 'Where the audit API is: the URL of a vault, or of the management plane',
    expected: 'an http or https URL without a query, for example https://ebfc9bee4242.vault.skyflowapis.com',
    guarded: true,
    schema: baseUrlSchema.transform((url) => url.replace(/\/v1$/, '')),
  },
  {
    key: 'skyflowApiKey',
    env: 'SKYFLOW_API_KEY',
    meaning: 'An API key or a bearer token',
    expected: 'the key or the token alone, in one line',
    secret: true,
    oneOf: signIn,
    schema: z.string().regex(/^[\x21-\x7e]{1,8192}$/),
  },
  {
    key: 'skyflowCredentials',
    env: 'SKYFLOW_CREDENTIALS',
    meaning: 'A service account, by the credentials file that was made with it',
    expected: 'the JSON of the credentials file of a service account',
    secret: true,
    oneOf: signIn,
    explained: true,
    schema: z.string().superRefine((text, context) => {
      const message = credentialsProblem(text);
      if (message !== null) context.addIssue({ code: 'custom', message });
    }),
  },
  {
    key: 'skyflowKeepContent',
    env: 'SKYFLOW_KEEP_CONTENT',
    meaning: 'Whether request.data.content and response.data.content are stored: they can hold sensitive values',
    expected: 'true or false',
    default: 'false',
    schema: z.enum(['true', 'false']),
  },
  {
    key: 'skyflowOverlapMinutes',
    env: 'SKYFLOW_OVERLAP_MINUTES',
    meaning: 'How late an event may appear and still be found; minutes. 0: the cursor is trusted',
    expected: 'a whole number from 0 to 1440',
    default: '15',
    schema: z
      .string()
      .regex(/^\d{1,4}$/)
      .transform(Number)
      .refine((minutes) => minutes <= 1440),
  },
  searchCountSetting(1000),
  ...filterSettingDefinitions,
];

/** What is wrong with the settings together. */
export function checkSkyflowSettings({
  skyflowFilterStartTime: start,
  skyflowFilterEndTime: end,
}: CollectorSettings['values']): string[] {
  if (typeof start !== 'string' || typeof end !== 'string' || timeNs(start) <= timeNs(end)) return [];
  return ['SKYFLOW_FILTER_START_TIME is after SKYFLOW_FILTER_END_TIME, so that there can be no events'];
}

function timeNs(sqlTimestamp: string): bigint {
  return epochNanoseconds(rfc3339Of(sqlTimestamp)!)!;
}

export interface SkyflowSettings {
  accountId: string;
  vaultUrl: string;
  /** An API key or bearer token, or the service account that signs in for one. */
  signIn: { apiKey: Secret } | { account: ServiceAccount };
  keepContent: boolean;
  /** 0: the cursor is trusted. */
  overlapMs: number;
  searchCount: number;
  /** Parameters of the query. */
  filters: readonly [string, string][];
}

export function skyflowSettings({ values }: CollectorSettings): SkyflowSettings {
  const apiKey = values.skyflowApiKey as Secret | undefined;
  const credentials = values.skyflowCredentials as Secret | undefined;
  return {
    accountId: values.skyflowAccountId as string,
    vaultUrl: values.skyflowVaultUrl as string,
    signIn: apiKey ? { apiKey } : { account: serviceAccountOf(credentials!.reveal()) },
    keepContent: values.skyflowKeepContent === 'true',
    overlapMs: (values.skyflowOverlapMinutes as number) * 60_000,
    searchCount: values.searchCount as number,
    filters: filterParameters(values),
  };
}
