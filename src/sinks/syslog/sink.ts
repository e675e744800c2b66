import type { Sink } from '../sink.js';
import { SyslogClient } from './client.js';
import { type SyslogSettings, syslogProblems, syslogSettings } from './settings.js';

/** Syslog (RFC 5424) over TLS (RFC 5425) or TCP. */
export const syslog: Sink<SyslogSettings> = {
  kind: 'syslog',
  settings: syslogSettings,
  check: syslogProblems,
  open: (settings) => new SyslogClient(settings),
};
