import type { InjectedSinks, WorkerInterceptors } from '@temporalio/worker';
import type { Environment } from '../environment.js';
import { reasonOf, TrawlError } from '../errors.js';
import type { Logger } from '../log.js';

/** Hooks with which a worker traces. */
export interface Tracing {
  activityInterceptors: NonNullable<WorkerInterceptors['activity']>;
  // biome-ignore lint/suspicious/noExplicitAny: the SDK declares it so.
  sinks: InjectedSinks<any>;
  /** Sends the pending spans, within a time limit. */
  shutdown(): Promise<void>;
}

const shutdownMaxMs = 3_000;

/** True if OpenTelemetry's usual variables turn traces on. */
function wantsTraces(env: Environment): boolean {
  if (env.OTEL_SDK_DISABLED?.toLowerCase() === 'true' || env.OTEL_TRACES_EXPORTER === 'none') return false;
  return [env.OTEL_EXPORTER_OTLP_ENDPOINT, env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, env.OTEL_TRACES_EXPORTER].some(
    Boolean,
  );
}

/**
 * Starts tracing as OpenTelemetry's own variables (`OTEL_…`) configure it. If they do not turn it on, returns null and
 * loads nothing of OpenTelemetry's SDK.
 * @throws TrawlError SETTINGS_INVALID if they name an unknown exporter or protocol.
 */
export async function startTracing(env: Environment, logger: Logger): Promise<Tracing | null> {
  if (!wantsTraces(env)) return null;
  const exporterName = env.OTEL_TRACES_EXPORTER || 'otlp';
  const protocol = env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL || env.OTEL_EXPORTER_OTLP_PROTOCOL || 'http/protobuf';
  if (exporterName !== 'otlp' && exporterName !== 'console')
    throw unknown('OTEL_TRACES_EXPORTER', 'otlp, console or none');
  if (protocol !== 'http/protobuf' && protocol !== 'http/json')
    throw unknown('OTEL_EXPORTER_OTLP_PROTOCOL', 'http/protobuf or http/json');
  // The SDK reads only the environment of the process; the variables may be in .env.
  for (const [name, value] of Object.entries(env)) if (name.startsWith('OTEL_')) process.env[name] ??= value;

  const { diag, DiagLogLevel } = await import('@opentelemetry/api');
  const { detectResourcesSync, envDetectorSync, Resource } = await import('@opentelemetry/resources');
  const { BatchSpanProcessor, ConsoleSpanExporter } = await import('@opentelemetry/sdk-trace-base');
  const { NodeTracerProvider } = await import('@opentelemetry/sdk-trace-node');
  const temporal = await import('@temporalio/interceptors-opentelemetry/lib/worker/index.js');
  const tellOnce = new Set<string>();
  const warn = (text: unknown) => {
    const reason = wordsOf(text);
    if (!tellOnce.has(reason)) logger.warn({ reason }, 'Traces are not sent');
    tellOnce.add(reason);
  };
  const quiet = () => undefined;
  diag.setLogger({ error: warn, warn, info: quiet, debug: quiet, verbose: quiet }, DiagLogLevel.WARN);
  const exporter = exporterName === 'console' ? new ConsoleSpanExporter() : await otlpExporter(protocol);
  const processor = new BatchSpanProcessor(exporter);
  const resource = new Resource({ 'service.name': 'trawl' }).merge(
    detectResourcesSync({ detectors: [envDetectorSync] }),
  );
  const provider = new NodeTracerProvider({ resource, spanProcessors: [processor] });
  provider.register();
  return {
    activityInterceptors: [
      (context) => ({
        inbound: new temporal.OpenTelemetryActivityInboundInterceptor(context),
        outbound: new temporal.OpenTelemetryActivityOutboundInterceptor(context),
      }),
    ],
    sinks: { exporter: temporal.makeWorkflowExporter(processor, resource) },
    shutdown: async () => {
      const ended = provider.shutdown().catch(warn);
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, shutdownMaxMs).unref())]);
    },
  };
}

async function otlpExporter(protocol: 'http/protobuf' | 'http/json') {
  const { OTLPTraceExporter } =
    protocol === 'http/json'
      ? await import('@opentelemetry/exporter-trace-otlp-http')
      : await import('@opentelemetry/exporter-trace-otlp-proto');
  return new OTLPTraceExporter();
}

/** The SDK reports errors as JSON with all their members. Extracts the message. */
function wordsOf(reported: unknown): string {
  if (reported instanceof Error) return reasonOf(reported);
  try {
    const { message } = JSON.parse(String(reported)) as { message?: unknown };
    return String(message ?? reported);
  } catch {
    return String(reported);
  }
}

function unknown(name: string, expected: string): TrawlError {
  return new TrawlError('SETTINGS_INVALID', `${name} must be ${expected}.`, {
    hint: 'Correct it, or unset it to turn traces off.',
  });
}
