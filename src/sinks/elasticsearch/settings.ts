import { z } from 'zod';
import type { Secret } from '../../secret.js';
import { plainText, type SettingDefinition } from '../../settings/definition.js';
import { baseUrlSetting, countSetting, gzipSetting, word, yesNoSetting } from '../push-settings.js';
import type { SinkSettings } from '../sink.js';

/** What Elasticsearch and OpenSearch allow, and the placeholders. */
const indexName = /^(?![-_+.])(?:[a-z0-9._+-]|\{(?:source|collector|yyyy|yyyy\.MM|yyyy\.MM\.dd)\})+$/;

/** What an Elasticsearch or OpenSearch is told. */
export const elasticsearchSettingDefinitions: readonly SettingDefinition[] = [
  baseUrlSetting('Where Elasticsearch or OpenSearch is, for example https://search.example:9200'),
  {
    key: 'index',
    env: 'INDEX',
    meaning:
      'Index, alias or data stream that is written to; {source}, {collector} and {yyyy}, {yyyy.MM} or {yyyy.MM.dd} of the event (UTC) are filled in',
    expected: 'a name in lower-case letters, digits, dots, dashes and underscores',
    default: 'trawl-{source}',
    schema: z.string().max(200).regex(indexName),
  },
  yesNoSetting({ key: 'dataStream', env: 'DATA_STREAM', meaning: 'Whether index is a data stream' }, 'no'),
  {
    key: 'apiKey',
    env: 'API_KEY',
    meaning: 'API key (Elasticsearch)',
    expected: 'the encoded key as it was shown when it was made',
    optional: true,
    secret: true,
    schema: word(4096),
  },
  {
    key: 'user',
    env: 'USER',
    meaning: 'User of basic authentication',
    expected: 'a name without a colon',
    optional: true,
    guarded: true,
    schema: plainText().regex(/^[^:]+$/),
  },
  {
    key: 'password',
    env: 'PASSWORD',
    meaning: 'Password of that user',
    expected: 'the password',
    optional: true,
    secret: true,
    schema: plainText(4096),
  },
  countSetting(
    { key: 'maxBytes', env: 'MAX_BYTES', meaning: 'Size of a request at the most, before compression; bytes' },
    [1_000, 100_000_000],
    5_000_000,
  ),
  gzipSetting,
];

export function elasticsearchProblems({ apiKey, user, password }: SinkSettings['values']): string[] {
  const problems: string[] = [];
  if (apiKey !== undefined && (user !== undefined || password !== undefined))
    problems.push('apiKey cannot be set beside user and password');
  if ((user === undefined) !== (password === undefined)) problems.push('user and password need each other');
  return problems;
}

export interface ElasticsearchSettings {
  url: string;
  index: string;
  dataStream: boolean;
  apiKey: Secret | undefined;
  user: string | undefined;
  password: Secret | undefined;
  bytesMax: number;
  gzip: boolean;
}

export function elasticsearchSettings({ values }: SinkSettings): ElasticsearchSettings {
  return {
    url: values.url as string,
    index: values.index as string,
    dataStream: values.dataStream === 'yes',
    apiKey: values.apiKey as Secret | undefined,
    user: values.user as string | undefined,
    password: values.password as Secret | undefined,
    bytesMax: values.maxBytes as number,
    gzip: values.gzip === 'yes',
  };
}
