import type { Sink } from '../sink.js';
import { ElasticsearchClient } from './client.js';
import { type ElasticsearchSettings, elasticsearchProblems, elasticsearchSettings } from './settings.js';

/** Elasticsearch and OpenSearch, which share the bulk API. */
export const elasticsearch: Sink<ElasticsearchSettings> = {
  kind: 'elasticsearch',
  settings: elasticsearchSettings,
  check: elasticsearchProblems,
  open: (settings, { http }) => new ElasticsearchClient(http, settings),
};
