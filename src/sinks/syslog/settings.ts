import { z } from 'zod';
import { defineSettings, type ValuesOf } from '../../settings/definition.js';
import { plainText, wholeNumberSetting, yesNoSetting } from '../../settings/kinds.js';
import { timeoutRange, word } from '../push-settings.js';

function file(env: string, meaning: string) {
  return {
    env,
    meaning,
    expected: 'the path of a PEM file',
    optional: true,
    guarded: true,
    schema: plainText(4096),
  } as const;
}

/** Settings of a syslog sink. */
export const syslogSettings = defineSettings({
  address: {
    env: 'ADDRESS',
    meaning: 'Host of the receiver',
    expected: 'a host name or an IP address',
    guarded: true,
    schema: z
      .string()
      .max(253)
      .regex(/^[A-Za-z0-9._:-]+$/),
  },
  port: wholeNumberSetting({ env: 'PORT', meaning: 'Port of the receiver' }, [1, 65_535], 6514),
  tls: yesNoSetting({ env: 'TLS', meaning: 'Encrypt the connection', guarded: true }, 'yes'),
  caFile: file('CA_FILE', "CAs to trust for the receiver's certificate, instead of the well-known ones"),
  certFile: file('CERT_FILE', 'Certificate of this client'),
  keyFile: { ...file('KEY_FILE', 'Its private key'), secretFile: true },
  serverName: {
    env: 'SERVER_NAME',
    meaning: "Name that the receiver's certificate must have; the address if not set",
    expected: 'a host name',
    optional: true,
    guarded: true,
    schema: z
      .string()
      .max(253)
      .regex(/^[A-Za-z0-9._-]+$/),
  },
  facility: wholeNumberSetting({ env: 'FACILITY', meaning: 'Facility of the messages; 13 is log audit' }, [0, 23], 13),
  severity: wholeNumberSetting({ env: 'SEVERITY', meaning: 'Severity of the messages; 6 is informational' }, [0, 7], 6),
  hostname: {
    env: 'HOSTNAME',
    meaning: 'HOSTNAME of the messages; - for none',
    expected: 'printable ASCII without spaces, up to 255 characters',
    default: '-',
    schema: word(255),
  },
  byteOrderMark: yesNoSetting(
    { env: 'BYTE_ORDER_MARK', meaning: 'Begin each message with a byte order mark, as RFC 5424 marks UTF-8' },
    'no',
  ),
  maxMessageBytes: wholeNumberSetting(
    {
      env: 'MAX_MESSAGE_BYTES',
      meaning: 'Maximum size of a message; a larger event is refused rather than cut; bytes',
    },
    [480, 16_777_216],
    65_536,
  ),
  timeoutSeconds: wholeNumberSetting(
    {
      env: 'TIMEOUT_SECONDS',
      meaning: 'How long the receiver may read nothing, or take to close the connection at its end; seconds',
    },
    timeoutRange,
    60,
  ),
});

export type SyslogSettings = ValuesOf<typeof syslogSettings>;

export function syslogProblems(values: Partial<SyslogSettings>): string[] {
  const problems: string[] = [];
  if ((values.certFile === undefined) !== (values.keyFile === undefined))
    problems.push('certFile and keyFile must be set together');
  const ofTls = (['caFile', 'certFile', 'keyFile', 'serverName'] as const).filter((key) => values[key] !== undefined);
  if (values.tls === false && ofTls.length > 0) problems.push(`${ofTls.join(', ')} have no effect with tls=no`);
  return problems;
}
