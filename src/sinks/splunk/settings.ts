import type { Secret } from '../../secret.js';
import { plainText, type SettingDefinition } from '../../settings/definition.js';
import { baseUrlSetting, countSetting, gzipSetting, word, yesNoSetting } from '../push-settings.js';
import type { SinkSettings } from '../sink.js';

/** What a Splunk HTTP Event Collector is told. */
export const splunkSettingDefinitions: readonly SettingDefinition[] = [
  baseUrlSetting('Where the HTTP Event Collector is, for example https://splunk.example:8088'),
  {
    key: 'token',
    env: 'TOKEN',
    meaning: 'Token of the HTTP Event Collector',
    expected: 'the token as Splunk shows it (a UUID)',
    secret: true,
    schema: word(4096),
  },
  {
    key: 'index',
    env: 'INDEX',
    meaning: "Index that is written to; not set, the token's own",
    expected: 'the name of an index that the token may write to',
    optional: true,
    schema: word(80),
  },
  {
    key: 'sourcetype',
    env: 'SOURCETYPE',
    meaning: 'Source type of the events; {source} is the kind of source, such as asa',
    expected: 'a name up to 200 characters',
    default: 'trawl:{source}',
    schema: plainText(),
  },
  {
    key: 'host',
    env: 'HOST',
    meaning: 'Host of the events',
    expected: 'a name up to 200 characters',
    default: 'trawl',
    schema: plainText(),
  },
  yesNoSetting(
    { key: 'useAck', env: 'USE_ACK', meaning: 'Whether to wait until the indexers have acknowledged each request' },
    'no',
  ),
  countSetting(
    { key: 'ackWaitSeconds', env: 'ACK_WAIT_SECONDS', meaning: 'How long to wait for that; seconds' },
    [1, 300],
    60,
  ),
  countSetting(
    { key: 'maxBytes', env: 'MAX_BYTES', meaning: 'Size of a request at the most, before compression; bytes' },
    [1_000, 100_000_000],
    1_000_000,
  ),
  gzipSetting,
];

export interface SplunkSettings {
  url: string;
  token: Secret;
  index: string | undefined;
  sourcetype: string;
  host: string;
  useAck: boolean;
  ackWaitMs: number;
  bytesMax: number;
  gzip: boolean;
}

export function splunkSettings({ values }: SinkSettings): SplunkSettings {
  return {
    url: values.url as string,
    token: values.token as Secret,
    index: values.index as string | undefined,
    sourcetype: values.sourcetype as string,
    host: values.host as string,
    useAck: values.useAck === 'yes',
    ackWaitMs: (values.ackWaitSeconds as number) * 1000,
    bytesMax: values.maxBytes as number,
    gzip: values.gzip === 'yes',
  };
}
