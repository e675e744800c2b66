import type { Sink } from '../sink.js';
import { ElasticsearchClient } from './client.js';
import { elasticsearchProblems, elasticsearchSettingDefinitions, elasticsearchSettings } from './settings.js';

/** Elasticsearch and OpenSearch, which share the bulk API. */
export const elasticsearch: Sink = {
  kind: 'elasticsearch',
  settings: elasticsearchSettingDefinitions,
  check: elasticsearchProblems,
  open: (settings, { http }) => new ElasticsearchClient(http, elasticsearchSettings(settings)),
};
