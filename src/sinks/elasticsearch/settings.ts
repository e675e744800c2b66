import { z } from 'zod';
import { defineSettings, type ValuesOf } from '../../settings/definition.js';
import { baseUrlSetting, plainText, wholeNumberSetting, yesNoSetting } from '../../settings/kinds.js';
import { gzipSetting, word } from '../push-settings.js';

/** What Elasticsearch and OpenSearch allow, and the placeholders. */
const indexName = /^(?![-_+.])(?:[a-z0-9._+-]|\{(?:source|collector|yyyy|yyyy\.MM|yyyy\.MM\.dd)\})+$/;

/** What an Elasticsearch or OpenSearch is told. */
export const elasticsearchSettings = defineSettings({
  url: baseUrlSetting({
    env: 'URL',
    meaning: 'Where Elasticsearch or OpenSearch is, for example https://search.example:9200',
  }),
  index: {
    env: 'INDEX',
    meaning:
      'Index, alias or data stream that is written to; {source}, {collector} and {yyyy}, {yyyy.MM} or {yyyy.MM.dd} of the event (UTC) are filled in',
    expected: 'a name in lower-case letters, digits, dots, dashes and underscores',
    default: 'trawl-{source}',
    schema: z.string().max(200).regex(indexName),
  },
  dataStream: yesNoSetting({ env: 'DATA_STREAM', meaning: 'Whether index is a data stream' }, 'no'),
  apiKey: {
    env: 'API_KEY',
    meaning: 'API key (Elasticsearch)',
    expected: 'the encoded key as it was shown when it was made',
    optional: true,
    secret: true,
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
    schema: plainText(4096),
  },
  maxBytes: wholeNumberSetting(
    { env: 'MAX_BYTES', meaning: 'Size of a request at the most, before compression; bytes' },
    [1_000, 100_000_000],
    5_000_000,
  ),
  gzip: gzipSetting,
});

export type ElasticsearchSettings = ValuesOf<typeof elasticsearchSettings>;

export function elasticsearchProblems({ apiKey, user, password }: Partial<ElasticsearchSettings>): string[] {
  const problems: string[] = [];
  if (apiKey !== undefined && (user !== undefined || password !== undefined))
    problems.push('apiKey cannot be set beside user and password');
  if ((user === undefined) !== (password === undefined)) problems.push('user and password need each other');
  return problems;
}
