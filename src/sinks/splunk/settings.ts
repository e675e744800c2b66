import { defineSettings, type ValuesOf } from '../../settings/definition.js';
import { baseUrlSetting, plainText, wholeNumberSetting, yesNoSetting } from '../../settings/kinds.js';
import { gzipSetting, word } from '../push-settings.js';

/** What a Splunk HTTP Event Collector is told. */
export const splunkSettings = defineSettings({
  url: baseUrlSetting({
    env: 'URL',
    meaning: 'Where the HTTP Event Collector is, for example https://splunk.example:8088',
  }),
  token: {
    env: 'TOKEN',
    meaning: 'Token of the HTTP Event Collector',
    expected: 'the token as Splunk shows it (a UUID)',
    secret: true,
    schema: word(4096),
  },
  index: {
    env: 'INDEX',
    meaning: "Index that is written to; not set, the token's own",
    expected: 'the name of an index that the token may write to',
    optional: true,
    schema: word(80),
  },
  sourcetype: {
    env: 'SOURCETYPE',
    meaning: 'Source type of the events; {source} is the kind of source, such as asa',
    expected: 'a name up to 200 characters',
    default: 'trawl:{source}',
    schema: plainText(),
  },
  host: {
    env: 'HOST',
    meaning: 'Host of the events',
    expected: 'a name up to 200 characters',
    default: 'trawl',
    schema: plainText(),
  },
  useAck: yesNoSetting(
    { env: 'USE_ACK', meaning: 'Whether to wait until the indexers have acknowledged each request' },
    'no',
  ),
  ackWaitSeconds: wholeNumberSetting(
    { env: 'ACK_WAIT_SECONDS', meaning: 'How long to wait for that; seconds' },
    [1, 300],
    60,
  ),
  maxBytes: wholeNumberSetting(
    { env: 'MAX_BYTES', meaning: 'Size of a request at the most, before compression; bytes' },
    [1_000, 100_000_000],
    1_000_000,
  ),
  gzip: gzipSetting,
});

export type SplunkSettings = ValuesOf<typeof splunkSettings>;
