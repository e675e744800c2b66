import { z } from 'zod';
import { defineSettings, type ValuesOf } from '../../settings/definition.js';
import { baseUrlSchema, plainText, wordSetting } from '../../settings/kinds.js';
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
  ...fileSettings,
});

export type S3Settings = ValuesOf<typeof s3Settings>;

/** The prefix of all object names. */
export function keyPrefix({ prefix }: S3Settings): string {
  return prefix === undefined ? '' : `${prefix}/`;
}
