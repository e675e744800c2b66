import type { Sink } from '../sink.js';
import { SplunkClient } from './client.js';
import { type SplunkSettings, splunkProblems, splunkSettings } from './settings.js';

/** Splunk's HTTP Event Collector, and anything compatible with it. */
export const splunk: Sink<SplunkSettings> = {
  kind: 'splunk',
  settings: splunkSettings,
  check: splunkProblems,
  open: (settings, { http }) => new SplunkClient(http, settings),
};
