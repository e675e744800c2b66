import { z } from 'zod';
import { plainText, type SettingDefinition } from '../../settings/definition.js';
import { countSetting, word, yesNoSetting } from '../push-settings.js';
import type { SinkSettings } from '../sink.js';

function file(key: string, env: string, meaning: string): SettingDefinition {
  return {
    key,
    env,
    meaning,
    expected: 'the path of a PEM file',
    optional: true,
    guarded: true,
    schema: plainText(4096),
  };
}

/** What a syslog receiver is told. */
export const syslogSettingDefinitions: readonly SettingDefinition[] = [
  {
    key: 'address',
    env: 'ADDRESS',
    meaning: 'Host of the receiver',
    expected: 'a host name or an IP address',
    guarded: true,
    schema: z
      .string()
      .max(253)
      .regex(/^[A-Za-z0-9._:-]+$/),
  },
  countSetting({ key: 'port', env: 'PORT', meaning: 'Port of the receiver' }, [1, 65_535], 6514),
  yesNoSetting({ key: 'tls', env: 'TLS', meaning: 'Whether the connection is encrypted', guarded: true }, 'yes'),
  file(
    'caFile',
    'CA_FILE',
    "Authorities that the receiver's certificate is trusted by, instead of the well-known ones",
  ),
  file('certFile', 'CERT_FILE', 'Certificate of this client'),
  file('keyFile', 'KEY_FILE', 'Its private key'),
  {
    key: 'serverName',
    env: 'SERVER_NAME',
    meaning: "Name that the receiver's certificate must have; not set, the address",
    expected: 'a host name',
    optional: true,
    guarded: true,
    schema: z
      .string()
      .max(253)
      .regex(/^[A-Za-z0-9._-]+$/),
  },
  countSetting({ key: 'facility', env: 'FACILITY', meaning: 'Facility of the messages; 13 is log audit' }, [0, 23], 13),
  countSetting(
    { key: 'severity', env: 'SEVERITY', meaning: 'Severity of the messages; 6 is informational' },
    [0, 7],
    6,
  ),
  {
    key: 'hostname',
    env: 'HOSTNAME',
    meaning: 'HOSTNAME of the messages; - is none',
    expected: 'printable ASCII without spaces, up to 255 characters',
    default: '-',
    schema: word(255),
  },
  countSetting(
    {
      key: 'maxMessageBytes',
      env: 'MAX_MESSAGE_BYTES',
      meaning: 'Size of a message at the most; an event that needs more is refused, since half an event is none; bytes',
    },
    [480, 16_777_216],
    65_536,
  ),
];

export function syslogProblems(values: SinkSettings['values']): string[] {
  const problems: string[] = [];
  if ((values.certFile === undefined) !== (values.keyFile === undefined))
    problems.push('certFile and keyFile need each other');
  const ofTls = ['caFile', 'certFile', 'keyFile', 'serverName'].filter((key) => values[key] !== undefined);
  if (values.tls === 'no' && ofTls.length > 0) problems.push(`${ofTls.join(', ')} have no meaning with tls=no`);
  return problems;
}

export interface SyslogSettings {
  address: string;
  port: number;
  tls: boolean;
  caFile: string | undefined;
  certFile: string | undefined;
  keyFile: string | undefined;
  serverName: string | undefined;
  facility: number;
  severity: number;
  hostname: string;
  messageBytesMax: number;
}

export function syslogSettings({ values }: SinkSettings): SyslogSettings {
  return {
    address: values.address as string,
    port: values.port as number,
    tls: values.tls === 'yes',
    caFile: values.caFile as string | undefined,
    certFile: values.certFile as string | undefined,
    keyFile: values.keyFile as string | undefined,
    serverName: values.serverName as string | undefined,
    facility: values.facility as number,
    severity: values.severity as number,
    hostname: values.hostname as string,
    messageBytesMax: values.maxMessageBytes as number,
  };
}
