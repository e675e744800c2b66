import { z } from 'zod';
import { type BatchForm, folderNameForms } from '../batch.js';
import { defineSettings, type ValuesOf } from '../settings/definition.js';
import { wholeNumberSetting, wordSetting } from '../settings/kinds.js';
import { schemaNames, schemaVersionOf } from './records.js';
import type { FileForm } from './sink.js';

/** Settings of every sink. */
export const commonSettings = defineSettings({
  schema: wordSetting({ env: 'SCHEMA', meaning: 'Schema of the records' }, schemaNames),
  batchEvents: wholeNumberSetting(
    { env: 'BATCH_EVENTS', meaning: 'Maximum number of events in a batch' },
    [1, 100_000],
    10_000,
  ),
  batchBytes: wholeNumberSetting(
    { env: 'BATCH_BYTES', meaning: 'Maximum size of the raw events in a batch; bytes' },
    [100_000, 67_108_864],
    16_777_216,
  ),
  waitMinutes: wholeNumberSetting(
    { env: 'WAIT_MINUTES', meaning: 'How long a partial batch may wait for more events' },
    [0, 1_440],
    0,
  ),
});

export type CommonSettings = ValuesOf<typeof commonSettings>;

/** Additional settings of sinks that write files. */
export const fileSettings = {
  format: wordSetting({ env: 'FORMAT', meaning: 'Format of the files' }, ['ndjson', 'csv', 'parquet']),
  compression: wordSetting({ env: 'COMPRESSION', meaning: 'Compression of NDJSON and CSV' }, ['gzip', 'zstd', 'none']),
  layout: wordSetting({ env: 'LAYOUT', meaning: 'Layout of the files' }, ['raw', 'security-lake']),
  folderNames: {
    env: 'FOLDER_NAMES',
    meaning:
      'Keys of the folders: trawl_collector= (trawl) or collector= (plain). By default a sink keeps what it has, and a new one uses trawl',
    expected: `one of ${folderNameForms.join(', ')}`,
    optional: true,
    schema: z.enum(folderNameForms),
  },
  rawEvent: wordSetting(
    {
      env: 'RAW_EVENT',
      meaning: 'Whether NDJSON has the raw event as JSON, or as a text, which every reader accepts',
    },
    ['json', 'text'],
  ),
  region: {
    env: 'REGION',
    meaning: 'AWS region of the bucket or the data lake',
    expected: 'a name such as eu-central-1',
    optional: true,
    schema: z.string().regex(/^[a-z0-9-]{1,40}$/),
  },
  accountId: {
    env: 'ACCOUNT_ID',
    meaning: 'AWS account of the data lake, for the layout security-lake',
    expected: 'twelve digits',
    optional: true,
    schema: z.string().regex(/^\d{12}$/),
  },
} as const;

export type FileSettings = ValuesOf<typeof fileSettings>;

/** Problems that involve several file settings, or the sink's schema. */
export function fileSettingProblems(values: Partial<FileSettings & CommonSettings>): string[] {
  const problems: string[] = [];
  if (values.format === 'csv' && values.schema !== undefined && values.schema !== 'native')
    problems.push(`format csv supports only the schema native, not ${values.schema}`);
  if (values.layout === 'security-lake') {
    if (values.schema !== 'ocsf' || values.format !== 'parquet')
      problems.push('the layout security-lake needs schema=ocsf and format=parquet');
    if (values.region === undefined || values.accountId === undefined)
      problems.push('the layout security-lake needs region and accountId');
  }
  return problems;
}

/** The form of a sink's batches. Sinks that push records have no file form. */
export function batchForm({ schema }: CommonSettings, file?: FileForm): BatchForm {
  const { format = '', compression = 'none', layout = 'raw', folderNames, rawEvent } = file ?? {};
  return {
    ...{ schema, schemaVersion: schemaVersionOf(schema), format, compression, layout },
    ...(folderNames && { folderNames }),
    ...(rawEvent === 'text' && { rawEvent }),
  };
}
