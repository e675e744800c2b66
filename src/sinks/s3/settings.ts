import { z } from 'zod';
import { defineSettings, type ValuesOf } from '../../settings/definition.js';
import { baseUrlSchema, plainText, wholeNumberSchema, wordSetting } from '../../settings/kinds.js';
import { fileSettings } from '../settings.js';

export const s3Settings = defineSettings({
  bucket: {
    env: 'BUCKET',
    meaning: 'Bucket to put the objects into',
    expected: 'the name of a bucket',
    guarded: true,
    schema: z.string().regex(/^[A-Za-z0-9._-]{3,63}$/),
  },
  prefix: {
    env: 'PREFIX',
    meaning: 'Prefix of the names of objects',
    expected: 'a path without a leading slash and without the parts . and ..',
    optional: true,
    schema: plainText(500)
      .regex(/^[^/]/)
      .refine((text) => text.split('/').every((part) => part !== '.' && part !== '..'))
      .transform((text) => text.replace(/\/+$/, '')),
  },
  endpoint: {
    env: 'ENDPOINT',
    meaning: 'URL of the S3-compatible server, if it is not AWS',
    expected: 'an http or https URL without a query',
    optional: true,
    guarded: true,
    address: { vendorHosts: ['*.amazonaws.com', '*.amazonaws.com.cn'] },
    schema: baseUrlSchema,
  },
  encryption: wordSetting({ env: 'ENCRYPTION', meaning: 'Server-side encryption' }, [
    'bucket-default',
    'AES256',
    'aws:kms',
  ]),
  kmsKeyId: {
    env: 'KMS_KEY_ID',
    meaning: 'Key for aws:kms, if not the default one',
    expected: 'a key id, alias or ARN',
    optional: true,
    schema: plainText(2048),
  },
  storageClass: {
    env: 'STORAGE_CLASS',
    meaning: 'Storage class of the objects',
    expected: 'a name such as STANDARD_IA',
    optional: true,
    schema: z.string().regex(/^[A-Z_]{1,40}$/),
  },
  lockDays: {
    env: 'LOCK_DAYS',
    meaning: 'Days for which Object Lock keeps each object from being deleted or overwritten',
    expected: 'a whole number of days from 1 to 36500',
    optional: true,
    guarded: true,
    schema: wholeNumberSchema([1, 36_500]),
  },
  lockMode: {
    ...wordSetting(
      {
        env: 'LOCK_MODE',
        meaning: 'Whether someone with a special right may lift that lock (governance) or nobody may (compliance)',
      },
      ['governance', 'compliance'],
    ),
    guarded: true,
  },
  accessKeyId: {
    env: 'ACCESS_KEY_ID',
    meaning: 'Access key, if the AWS SDK does not find one in its usual places',
    expected: 'the id of an access key',
    optional: true,
    guarded: true,
    characters: 'key',
    schema: plainText(200),
  },
  secretAccessKey: {
    env: 'SECRET_ACCESS_KEY',
    meaning: 'Secret of that access key',
    expected: 'the secret of an access key',
    optional: true,
    secret: true,
    characters: 'key',
    schema: plainText(4096),
  },
  sessionToken: {
    env: 'SESSION_TOKEN',
    meaning: 'Session token, if that access key is a temporary one',
    expected: 'the session token of a temporary access key',
    optional: true,
    secret: true,
    characters: 'key',
    schema: plainText(16_384),
  },
  ...fileSettings,
});

export type S3Settings = ValuesOf<typeof s3Settings>;

/** Problems that involve several of these settings. */
export function keyProblems(values: Partial<S3Settings>): string[] {
  const { accessKeyId, secretAccessKey, sessionToken, endpoint, lockDays, lockMode } = values;
  if (lockMode === 'compliance' && lockDays === undefined)
    return ['lockMode=compliance locks nothing without lockDays'];
  if ((accessKeyId === undefined) !== (secretAccessKey === undefined))
    return ['accessKeyId and secretAccessKey must be set together'];
  if (sessionToken !== undefined && accessKeyId === undefined)
    return ['sessionToken belongs to accessKeyId and secretAccessKey, which are not set'];
  const isAws = endpoint === undefined || /\.amazonaws\.com(\.cn)?$/.test(new URL(endpoint).hostname);
  if (isAws && accessKeyId?.startsWith('ASIA') && sessionToken === undefined)
    return ['accessKeyId is a temporary key (ASIA…), which works only with its sessionToken'];
  return [];
}

/** The prefix of all object names. */
export function keyPrefix({ prefix }: S3Settings): string {
  return prefix === undefined ? '' : `${prefix}/`;
}
