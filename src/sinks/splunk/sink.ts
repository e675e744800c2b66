import type { Sink } from '../sink.js';
import { SplunkClient } from './client.js';
import { splunkSettingDefinitions, splunkSettings } from './settings.js';

/** Splunk's HTTP Event Collector, and whatever else speaks it. */
export const splunk: Sink = {
  kind: 'splunk',
  settings: splunkSettingDefinitions,
  open: (settings, { http }) => new SplunkClient(http, splunkSettings(settings)),
};
