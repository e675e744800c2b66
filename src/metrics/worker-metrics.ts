import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { EnrichedEvent } from '../domain.js';
import type { Exchange } from '../http/client.js';
import { rateLimitOf } from '../http/status.js';
import { newestSchemas } from '../schemas/registry.js';
import { packageVersion } from '../version.js';
import { type CollectorHealth, watchedCodes } from '../watch/collectors.js';
import { epochMs, lagOf, readToMs } from '../watch/lag.js';
import type { Findings } from '../watch/monitor.js';
import { type MetricDefinition, type MetricName, metricDefinitions } from './definitions.js';
import type { Observer } from './observer.js';
import { UnmappedTypes } from './unmapped.js';

/** Seconds: from a cached response to the timeout of a request. */
const durationBuckets = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

const dayMs = 86_400_000;

/** State of a worker at the time of a scrape. */
interface Present {
  working: boolean;
  temporalUp: boolean;
  findings: Findings;
}

/** The metrics of a worker, for Prometheus. */
export class WorkerMetrics implements Observer {
  readonly #registry = new Registry();
  readonly #counters = new Map<string, Counter>();
  readonly #gauges = new Map<string, Gauge>();
  readonly #durations: Histogram;
  readonly #unmapped = new UnmappedTypes(newestSchemas);

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
    const registers = [this.#registry];
    for (const { name, type, help, labels } of metricDefinitions as readonly MetricDefinition[]) {
      const labelNames = [...labels];
      if (type === 'counter') this.#counters.set(name, new Counter({ name, help, labelNames, registers }));
      if (type === 'gauge') this.#gauges.set(name, new Gauge({ name, help, labelNames, registers }));
    }
    const { name, help, labels } = metricDefinitions.find(({ type }) => type === 'histogram')!;
    this.#durations = new Histogram({ name, help, labelNames: [...labels], buckets: durationBuckets, registers });
    this.#gauge('trawl_build_info', { version: packageVersion(), node: process.versions.node }, 1);
  }

  exchange(collector: string, source: string, exchange: Exchange): void {
    const { status, bytes, headers, startedMs, endedMs } = exchange;
    const labels = { collector, source };
    this.#count('trawl_http_requests_total', { ...labels, status: String(status ?? 'none') }, 1);
    this.#count('trawl_http_response_bytes_total', labels, bytes);
    this.#durations.observe({ source }, (endedMs - startedMs) / 1000);
    if (status === undefined) return;
    const rate = rateLimitOf({ status, headers, body: new Uint8Array() });
    if (!rate) return;
    this.#gauge('trawl_rate_limit_requests', labels, rate.limit);
    this.#gauge('trawl_rate_limit_remaining_requests', labels, rate.remaining);
  }

  events(collector: string, source: string, events: readonly EnrichedEvent[]): void {
    this.#unmapped.look(collector, source, events);
  }

  failure(collector: string, activity: string, code: string): void {
    this.#count('trawl_step_failures_total', { collector, activity, code }, 1);
  }

  /** Returns the metrics in Prometheus' text format. */
  async text({ working, temporalUp, findings }: Present, nowMs = Date.now()): Promise<string> {
    // No await until all metrics are set: a concurrent scrape would see half of them.
    for (const { name, of } of metricDefinitions) {
      if (of !== 'store') continue;
      this.#counters.get(name)?.reset();
      this.#gauges.get(name)?.reset();
    }
    this.#gauge('trawl_worker_up', {}, Number(working));
    this.#gauge('trawl_temporal_up', {}, Number(temporalUp));
    this.#gauge('trawl_store_up', {}, Number(findings.store === null));
    if (findings.storeBytes === null) this.#gauges.get('trawl_store_size_bytes')!.remove();
    else this.#gauge('trawl_store_size_bytes', {}, findings.storeBytes);
    for (const health of findings.collectors) this.#collector(health, nowMs);
    for (const collector of this.#unmapped.collectors)
      for (const [schema, count] of this.#unmapped.counts(collector))
        this.#gauge('trawl_unmapped_types', { collector, schema }, count);
    return this.#registry.metrics();
  }

  #collector(health: CollectorHealth, nowMs: number): void {
    const { collector, lastDateTime, caughtUpAt, newestTimestamp, retentionDays, problems, sinks } = health;
    const labels = { collector, source: health.source ?? '' };
    this.#count('trawl_events_total', labels, health.lastSeq);
    this.#count('trawl_pages_total', labels, health.pages);
    this.#count('trawl_rejected_events_total', labels, health.rejected);
    if (newestTimestamp) this.#gauge('trawl_newest_event_timestamp_seconds', labels, epochMs(newestTimestamp) / 1000);
    if (lastDateTime) this.#gauge('trawl_checkpoint_age_seconds', labels, secondsSince(lastDateTime, nowMs));
    if (caughtUpAt) this.#gauge('trawl_last_success_age_seconds', labels, secondsSince(caughtUpAt, nowMs));
    const { caughtUp, behindSince } = lagOf(health, nowMs);
    if (caughtUp) this.#gauge('trawl_lag_seconds', labels, 0);
    else if (behindSince) this.#gauge('trawl_lag_seconds', labels, secondsSince(behindSince, nowMs));
    const toMs = readToMs(health, nowMs);
    if (retentionDays !== undefined && toMs > 0)
      this.#gauge('trawl_retention_left_seconds', labels, (toMs + retentionDays * dayMs - nowMs) / 1000);
    this.#gauge('trawl_recurring', labels, Number(health.due !== null));
    for (const code of new Set([...watchedCodes, ...problems.map((problem) => problem.code)]))
      this.#gauge('trawl_problem', { collector, code }, Number(problems.some((problem) => problem.code === code)));
    for (const { sink, events, behind, waitingSince, refused, failure } of sinks) {
      const of = { collector, sink };
      this.#count('trawl_offloaded_events_total', of, events);
      this.#count('trawl_offload_refused_events_total', of, refused);
      this.#gauge('trawl_offload_behind_events', of, behind);
      this.#gauge('trawl_offload_lag_seconds', of, waitingSince ? secondsSince(waitingSince, nowMs) : 0);
      this.#gauge('trawl_offload_failing', of, Number(failure !== null));
    }
  }

  #gauge(name: MetricName, labels: Record<string, string>, value: number): void {
    this.#gauges.get(name)!.set(labels, value);
  }

  #count(name: MetricName, labels: Record<string, string>, by: number): void {
    this.#counters.get(name)!.inc(labels, by);
  }
}

function secondsSince(time: string, nowMs: number): number {
  return Math.max(0, (nowMs - epochMs(time)) / 1000);
}
