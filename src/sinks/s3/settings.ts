import { z } from 'zod';
import type { Secret } from '../../secret.js';
import { baseUrlSchema, plainText, type SettingDefinition } from '../../settings/definition.js';
import { fileSettingDefinitions, oneOf } from '../settings.js';
import type { SinkSettings } from '../sink.js';

export const s3SettingDefinitions: readonly SettingDefinition[] = [
  {
    key: 'bucket',
    env: 'BUCKET',
    meaning: 'Bucket that the objects are put into',
    expected: 'the name of a bucket',
    guarded: true,
    schema: z.string().regex(/^[A-Za-z0-9._-]{3,63}$/),
  },
  {
    key: 'prefix',
    env: 'PREFIX',
    meaning: "What objects' names begin with",
    expected: 'a path without a slash at its beginning, and without . and .. as parts',
    optional: true,
    schema: plainText(500)
      .regex(/^[^/]/)
      .refine((text) => text.split('/').every((part) => part !== '.' && part !== '..'))
      .transform((text) => text.replace(/\/+$/, '')),
  },
  {
    key: 'endpoint',
    env: 'ENDPOINT',
    meaning: 'Where the S3-compatible server is, where it is not AWS',
    expected: 'an http or https URL without a query',
    optional: true,
    guarded: true,
    schema: baseUrlSchema,
  },
  oneOf('encryption', 'ENCRYPTION', 'Server-side encryption', ['bucket-default', 'AES256', 'aws:kms']),
  {
    key: 'kmsKeyId',
    env: 'KMS_KEY_ID',
    meaning: 'Key for aws:kms, where it is not the default one',
    expected: 'a key id, alias or ARN',
    optional: true,
    schema: plainText(2048),
  },
  {
    key: 'storageClass',
    env: 'STORAGE_CLASS',
    meaning: 'Storage class of the objects',
    expected: 'a name such as STANDARD_IA',
    optional: true,
    schema: z.string().regex(/^[A-Z_]{1,40}$/),
  },
  {
    key: 'accessKeyId',
    env: 'ACCESS_KEY_ID',
    meaning: "Access key, where the AWS SDK's usual places have none",
    expected: 'the id of an access key',
    optional: true,
    guarded: true,
    schema: plainText(200),
  },
  {
    key: 'secretAccessKey',
    env: 'SECRET_ACCESS_KEY',
    meaning: 'Secret of that access key',
    expected: 'the secret of an access key',
    optional: true,
    secret: true,
    schema: plainText(4096),
  },
  ...fileSettingDefinitions,
];

export interface S3Settings {
  bucket: string;
  prefix: string;
  endpoint: string | undefined;
  region: string | undefined;
  encryption: 'bucket-default' | 'AES256' | 'aws:kms';
  kmsKeyId: string | undefined;
  storageClass: string | undefined;
  credentials: { accessKeyId: string; secretAccessKey: Secret } | undefined;
}

export function s3Settings({ values }: SinkSettings): S3Settings {
  const text = (key: string) => values[key] as string | undefined;
  const prefix = text('prefix');
  const accessKeyId = text('accessKeyId');
  return {
    bucket: values.bucket as string,
    prefix: prefix === undefined ? '' : `${prefix}/`,
    endpoint: text('endpoint'),
    region: text('region'),
    encryption: values.encryption as S3Settings['encryption'],
    kmsKeyId: text('kmsKeyId'),
    storageClass: text('storageClass'),
    credentials:
      accessKeyId === undefined ? undefined : { accessKeyId, secretAccessKey: values.secretAccessKey as Secret },
  };
}
