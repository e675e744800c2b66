import { z } from 'zod';
import type { BatchForm } from '../batch.js';
import type { SettingDefinition } from '../settings/definition.js';
import { schemaNames, schemaVersionOf } from './records.js';
import type { SinkSettings } from './sink.js';

export function wholeNumber(
  key: string,
  env: string,
  meaning: string,
  [least, most]: readonly [number, number],
  otherwise: number,
): SettingDefinition {
  return {
    key,
    env,
    meaning,
    expected: `a whole number from ${least} to ${most}`,
    default: String(otherwise),
    schema: z
      .string()
      .regex(/^\d{1,9}$/)
      .transform(Number)
      .refine((count) => count >= least && count <= most),
  };
}

export function oneOf(
  key: string,
  env: string,
  meaning: string,
  values: readonly [string, ...string[]],
): SettingDefinition {
  return { key, env, meaning, expected: `one of ${values.join(', ')}`, default: values[0], schema: z.enum(values) };
}

/** What every sink is told. */
export const sinkSettingDefinitions: readonly SettingDefinition[] = [
  oneOf('schema', 'SCHEMA', 'How an event is written', schemaNames),
  wholeNumber('batchEvents', 'BATCH_EVENTS', 'Events of a batch at the most', [1, 100_000], 10_000),
  wholeNumber(
    'waitMinutes',
    'WAIT_MINUTES',
    'How long a batch that is not full may wait for more events',
    [0, 1_440],
    0,
  ),
];

/** What sinks that write files are told as well. */
export const fileSettingDefinitions: readonly SettingDefinition[] = [
  oneOf('format', 'FORMAT', 'Format of the files', ['ndjson', 'csv', 'parquet']),
  oneOf('compression', 'COMPRESSION', 'How NDJSON and CSV are compressed', ['gzip', 'zstd', 'none']),
  oneOf('layout', 'LAYOUT', 'How the files are laid out', ['raw', 'security-lake']),
  {
    key: 'region',
    env: 'REGION',
    meaning: 'AWS region of the bucket or the data lake',
    expected: 'a name such as eu-central-1',
    optional: true,
    schema: z.string().regex(/^[a-z0-9-]{1,40}$/),
  },
  {
    key: 'accountId',
    env: 'ACCOUNT_ID',
    meaning: 'AWS account of the data lake, for the layout security-lake',
    expected: 'twelve digits',
    optional: true,
    schema: z.string().regex(/^\d{12}$/),
  },
];

/** What is wrong with settings of files together. */
export function fileSettingProblems(values: SinkSettings['values']): string[] {
  const problems: string[] = [];
  if (values.format === 'csv' && values.schema !== undefined && values.schema !== 'native')
    problems.push(`format csv is of the schema native only, not of ${String(values.schema)}`);
  if (values.layout === 'security-lake') {
    if (values.schema !== 'ocsf' || values.format !== 'parquet')
      problems.push('the layout security-lake needs schema=ocsf and format=parquet');
    if (values.region === undefined || values.accountId === undefined)
      problems.push('the layout security-lake needs region and accountId');
  }
  return problems;
}

export interface BatchSettings {
  batchEvents: number;
  waitMinutes: number;
}

export function batchSettings({ values }: SinkSettings): BatchSettings {
  return { batchEvents: values.batchEvents as number, waitMinutes: values.waitMinutes as number };
}

/** How a sink wants its records; sinks that push them have no format. */
export function formOf({ values }: SinkSettings): BatchForm {
  const schema = values.schema as string;
  return {
    schema,
    schemaVersion: schemaVersionOf(schema),
    format: (values.format as string | undefined) ?? '',
    compression: (values.compression as string | undefined) ?? 'none',
    layout: (values.layout as string | undefined) ?? 'raw',
  };
}
