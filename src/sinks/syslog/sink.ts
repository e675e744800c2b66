import type { Sink } from '../sink.js';
import { SyslogClient } from './client.js';
import { syslogProblems, syslogSettingDefinitions, syslogSettings } from './settings.js';

/** Syslog by RFC 5424 over TLS (RFC 5425) or TCP. */
export const syslog: Sink = {
  kind: 'syslog',
  settings: syslogSettingDefinitions,
  check: syslogProblems,
  open: (settings) => new SyslogClient(syslogSettings(settings)),
};
