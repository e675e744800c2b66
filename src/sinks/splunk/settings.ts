import { defineSettings, type ValuesOf } from '../../settings/definition.js';
import { baseUrlSetting, plainText, wholeNumberSetting, yesNoSetting } from '../../settings/kinds.js';
import { gzipSetting, timeoutSetting, word } from '../push-settings.js';

/** Settings of a Splunk HTTP Event Collector. */
export const splunkSettings = defineSettings({
  url: baseUrlSetting({
    env: 'URL',
    meaning: 'Base URL of the HTTP Event Collector, for example https://splunk.example:8088',
  }),
  token: {
    env: 'TOKEN',
    meaning: 'Token of the HTTP Event Collector',
    expected: 'the token as Splunk shows it (a UUID)',
    secret: true,
    characters: 'key',
    schema: word(4096),
  },
  index: {
    env: 'INDEX',
    meaning: "Index to write to; the token's own if not set",
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
  useAck: yesNoSetting({ env: 'USE_ACK', meaning: 'Wait until the indexers have acknowledged each request' }, 'no'),
  ackWaitSeconds: wholeNumberSetting(
    { env: 'ACK_WAIT_SECONDS', meaning: 'How long to wait for the acknowledgement; seconds' },
    [1, 300],
    60,
  ),
  maxBytes: wholeNumberSetting(
    { env: 'MAX_BYTES', meaning: 'Maximum size of a request before compression; bytes' },
    [1_000, 100_000_000],
    1_000_000,
  ),
  gzip: gzipSetting,
  timeoutSeconds: timeoutSetting(120),
});

export type SplunkSettings = ValuesOf<typeof splunkSettings>;

/** Limit of both times together: within an activity's nine minutes (`sendMaxMs`), so that it can make several requests. */
const waitSecondsMax = 480;

export function splunkProblems({ useAck, timeoutSeconds = 0, ackWaitSeconds = 0 }: Partial<SplunkSettings>): string[] {
  if (!useAck || timeoutSeconds + ackWaitSeconds <= waitSecondsMax) return [];
  return [`timeoutSeconds and ackWaitSeconds are more than ${waitSecondsMax} together`];
}
