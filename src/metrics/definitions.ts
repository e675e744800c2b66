export interface MetricDefinition {
  name: string;
  type: 'counter' | 'gauge' | 'histogram';
  labels: readonly string[];
  help: string;
  /** `store`: read from the store, the same for each of its workers; `worker`: counted by this process since its start. */
  of: 'store' | 'worker';
}

const collector = ['collector', 'source'] as const;
const sink = ['collector', 'sink'] as const;

/** All of Trawl's own metrics. The tables in docs/metrics.md are made from them. */
export const metricDefinitions = [
  metric(
    'trawl_build_info',
    'gauge',
    ['version', 'node'],
    'worker',
    'Always 1; labelled with the versions of Trawl and Node.',
  ),
  metric('trawl_worker_up', 'gauge', [], 'worker', '1 if the worker accepts tasks, else 0.'),
  metric('trawl_temporal_up', 'gauge', [], 'worker', '1 if the Temporal server answers the worker, else 0.'),
  metric(
    'trawl_store_up',
    'gauge',
    [],
    'worker',
    '1 if the store can be read. At 0, the metrics of the store keep their last values.',
  ),
  metric('trawl_store_size_bytes', 'gauge', [], 'store', 'Size of the store on disk.'),

  metric('trawl_events_total', 'counter', collector, 'store', 'Events stored, including cleared ones.'),
  metric('trawl_pages_total', 'counter', collector, 'store', 'Pages committed.'),
  metric(
    'trawl_rejected_events_total',
    'counter',
    collector,
    'store',
    'Events and responses that could not be parsed, kept in rejected_events.',
  ),
  metric(
    'trawl_newest_event_timestamp_seconds',
    'gauge',
    collector,
    'store',
    'Time of the newest stored event; epoch seconds.',
  ),
  metric(
    'trawl_checkpoint_age_seconds',
    'gauge',
    collector,
    'store',
    'Time since a page was last written or a run found nothing new.',
  ),
  metric(
    'trawl_last_success_age_seconds',
    'gauge',
    collector,
    'store',
    'Time since the collector last had everything that the source had.',
  ),
  metric(
    'trawl_lag_seconds',
    'gauge',
    collector,
    'store',
    'Time that the collector is behind its source; 0 if it is caught up.',
  ),
  metric(
    'trawl_retention_left_seconds',
    'gauge',
    collector,
    'store',
    "Time until the source's retention deletes events that are not collected; below 0 it may have done so. Absent if the source's retention is unknown.",
  ),
  metric('trawl_recurring', 'gauge', collector, 'store', '1 if recurring runs are expected, else 0.'),
  metric(
    'trawl_problem',
    'gauge',
    ['collector', 'code'],
    'store',
    '1 if the collector has this problem, else 0; docs/monitoring.md explains each.',
  ),

  metric('trawl_offloaded_events_total', 'counter', sink, 'store', 'Events that the sink has confirmed.'),
  metric('trawl_offload_behind_events', 'gauge', sink, 'store', 'Events that the sink has not confirmed.'),
  metric(
    'trawl_offload_lag_seconds',
    'gauge',
    sink,
    'store',
    'Time since the oldest event that the sink has not confirmed was collected; 0 if there is none.',
  ),
  metric(
    'trawl_offload_refused_events_total',
    'counter',
    sink,
    'store',
    'Events that the sink has refused, kept in refused_events.',
  ),
  metric('trawl_offload_failing', 'gauge', sink, 'store', '1 if the last attempt to offload failed, else 0.'),

  metric(
    'trawl_http_requests_total',
    'counter',
    [...collector, 'status'],
    'worker',
    'Requests to the source by status; "none" if no complete response arrived.',
  ),
  metric(
    'trawl_http_request_duration_seconds',
    'histogram',
    ['source'],
    'worker',
    'Duration of requests to the source, to the end of the body.',
  ),
  metric('trawl_http_response_bytes_total', 'counter', collector, 'worker', 'Bytes in the bodies of responses.'),
  metric(
    'trawl_rate_limit_requests',
    'gauge',
    collector,
    'worker',
    'Requests that the source allows in a period, if its responses say so.',
  ),
  metric(
    'trawl_rate_limit_remaining_requests',
    'gauge',
    collector,
    'worker',
    'Requests left in the period, according to the last response.',
  ),
  metric(
    'trawl_step_failures_total',
    'counter',
    ['collector', 'activity', 'code'],
    'worker',
    'Failed attempts of a step, by the code of docs/errors.md; most are retried.',
  ),
  metric(
    'trawl_unmapped_types',
    'gauge',
    ['collector', 'schema'],
    'worker',
    'Types of events seen for which the schema has no mapping.',
  ),
] as const satisfies readonly MetricDefinition[];

export type MetricName = (typeof metricDefinitions)[number]['name'];

function metric<Name extends string>(
  name: Name,
  type: MetricDefinition['type'],
  labels: readonly string[],
  of: MetricDefinition['of'],
  help: string,
): MetricDefinition & { name: Name } {
  return { name, type, labels, of, help };
}
