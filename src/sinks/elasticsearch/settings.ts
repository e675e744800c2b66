import { z } from 'zod';
import { defineSettings, type ValuesOf } from '../../settings/definition.js';
import { baseUrlSetting, plainText, wholeNumberSetting, yesNoSetting } from '../../settings/kinds.js';
import { gzipSetting, timeoutSetting, word } from '../push-settings.js';

/** Characters that Elasticsearch and OpenSearch allow, and placeholders. */
const indexName = /^(?![-_+.])(?:[a-z0-9._+-]|\{(?:source|collector|yyyy|yyyy\.MM|yyyy\.MM\.dd)\})+$/;

/** Settings of an Elasticsearch or OpenSearch sink. */
export const elasticsearchSettings = defineSettings({
  url: baseUrlSetting({
    env: 'URL',
    meaning: 'Base URL of Elasticsearch or OpenSearch, for example https://search.example:9200',
  }),
  index: {
    env: 'INDEX',
    meaning:
      'Index, alias or data stream to write to; placeholders: {source}, {collector}, and {yyyy}, {yyyy.MM} or {yyyy.MM.dd} of the event (UTC)',
    expected: 'a name in lower-case letters, digits, dots, dashes and underscores',
    default: 'trawl-{source}',
    schema: z.string().max(200).regex(indexName),
  },
  dataStream: yesNoSetting({ env: 'DATA_STREAM', meaning: 'Treat index as a data stream' }, 'no'),
  apiKey: {
    env: 'API_KEY',
    meaning: 'API key (Elasticsearch)',
    expected: 'the encoded key shown when it was created',
    optional: true,
    secret: true,
    characters: 'key',
    schema: word(4096),
  },
  user: {
    env: 'USER',
    meaning: 'User of basic authentication',
    expected: 'a name without a colon',
    optional: true,
    guarded: true,
    schema: plainText().regex(/^[^:]+$/),
  },
  password: {
    env: 'PASSWORD',
    meaning: 'Password of that user',
    expected: 'the password',
    optional: true,
    secret: true,
    characters: 'password',
    schema: plainText(4096),
  },
  maxBytes: wholeNumberSetting(
    { env: 'MAX_BYTES', meaning: 'Maximum size of a request before compression; bytes' },
    [1_000, 100_000_000],
    5_000_000,
  ),
  gzip: gzipSetting,
  timeoutSeconds: timeoutSetting(120),
});

export type ElasticsearchSettings = ValuesOf<typeof elasticsearchSettings>;

export function elasticsearchProblems({ apiKey, user, password }: Partial<ElasticsearchSettings>): string[] {
  const problems: string[] = [];
  if (apiKey !== undefined && (user !== undefined || password !== undefined))
    problems.push('apiKey cannot be combined with user and password');
  if ((user === undefined) !== (password === undefined)) problems.push('user and password must be set together');
  return problems;
}
