export interface MetricDefinition {
  name: string;
  type: 'counter' | 'gauge' | 'histogram';
  labels: readonly string[];
  help: string;
  /** `store`: read when it is asked for, the same from every worker of a store; `worker`: of this process since it started. */
  of: 'store' | 'worker';
}

const collector = ['collector', 'source'] as const;
const sink = ['collector', 'sink'] as const;

/** Every metric that is Trawl's own. docs/metrics.md is held to it. */
export const metricDefinitions = [
  metric('trawl_build_info', 'gauge', ['version', 'node'], 'worker', 'Always 1; the version of Trawl and of Node.'),
  metric('trawl_worker_up', 'gauge', [], 'worker', 'Whether the worker takes work.'),
  metric('trawl_temporal_up', 'gauge', [], 'worker', 'Whether the Temporal server answers the worker.'),
  metric(
    'trawl_store_up',
    'gauge',
    [],
    'worker',
    'Whether the store can be read. At 0, what follows is as it was read last.',
  ),
  metric('trawl_store_size_bytes', 'gauge', [], 'store', 'Size of the store on its disk.'),

  metric('trawl_events_total', 'counter', collector, 'store', 'Events stored, cleared ones among them.'),
  metric('trawl_pages_total', 'counter', collector, 'store', 'Pages committed.'),
  metric(
    'trawl_rejected_events_total',
    'counter',
    collector,
    'store',
    'Events and answers that did not fit, kept in rejected_events.',
  ),
  metric(
    'trawl_newest_event_timestamp_seconds',
    'gauge',
    collector,
    'store',
    'Time of the newest event stored; epoch seconds.',
  ),
  metric(
    'trawl_checkpoint_age_seconds',
    'gauge',
    collector,
    'store',
    'Since a page was written last, or a run found nothing new.',
  ),
  metric(
    'trawl_last_success_age_seconds',
    'gauge',
    collector,
    'store',
    'Since everything that the source had was read last.',
  ),
  metric(
    'trawl_lag_seconds',
    'gauge',
    collector,
    'store',
    'How far the collector is behind its source; 0 where it is caught up.',
  ),
  metric(
    'trawl_retention_left_seconds',
    'gauge',
    collector,
    'store',
    "Until the source's retention loses events that are not collected; below 0 it may have. Absent where the source does not say how long it keeps them.",
  ),
  metric('trawl_recurring', 'gauge', collector, 'store', 'Whether runs are due by themselves.'),
  metric(
    'trawl_problem',
    'gauge',
    ['collector', 'code'],
    'store',
    'Whether the collector has this problem of docs/monitoring.md.',
  ),

  metric('trawl_offloaded_events_total', 'counter', sink, 'store', 'Events that the sink has confirmed.'),
  metric('trawl_offload_behind_events', 'gauge', sink, 'store', 'Events that the sink has not confirmed.'),
  metric(
    'trawl_offload_lag_seconds',
    'gauge',
    sink,
    'store',
    'Since the oldest of these was collected; 0 where there is none.',
  ),
  metric(
    'trawl_offload_refused_events_total',
    'counter',
    sink,
    'store',
    'Events that the sink has refused, kept in refused_events.',
  ),
  metric('trawl_offload_failing', 'gauge', sink, 'store', 'Whether the last attempt to offload failed.'),

  metric(
    'trawl_http_requests_total',
    'counter',
    [...collector, 'status'],
    'worker',
    'Requests to the source by status; "none" where no complete answer came.',
  ),
  metric(
    'trawl_http_request_duration_seconds',
    'histogram',
    ['source'],
    'worker',
    'How long they took, to the end of the body.',
  ),
  metric('trawl_http_response_bytes_total', 'counter', collector, 'worker', 'Bytes of the bodies of the answers.'),
  metric(
    'trawl_rate_limit_requests',
    'gauge',
    collector,
    'worker',
    'Requests that the source allows in a period, where its answers say.',
  ),
  metric(
    'trawl_rate_limit_remaining_requests',
    'gauge',
    collector,
    'worker',
    'How many of them were left at the last answer.',
  ),
  metric(
    'trawl_step_failures_total',
    'counter',
    ['collector', 'activity', 'code'],
    'worker',
    'Attempts of a step that failed, by the code of docs/errors.md; most are tried again.',
  ),
  metric(
    'trawl_unmapped_types',
    'gauge',
    ['collector', 'schema'],
    'worker',
    'Types of events seen that the schema has no mapping for.',
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
