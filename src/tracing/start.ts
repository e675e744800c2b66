import type { InjectedSinks, WorkerInterceptors } from '@temporalio/worker';
import type { Environment } from '../environment.js';
import { reasonOf, TrawlError } from '../errors.js';
import type { Logger } from '../log.js';

/** What a worker needs to trace. */
export interface Tracing {
  activityInterceptors: NonNullable<WorkerInterceptors['activity']>;
  // biome-ignore lint/suspicious/noExplicitAny: as the SDK has it.
  sinks: InjectedSinks<any>;
  /** Sends what has been gathered, as long as that does not take too long. */
  shutdown(): Promise<void>;
}

const shutdownMaxMs = 3_000;

/** Whether the usual variables ask for traces. */
export function wantsTraces(env: Environment): boolean {
  if (env.OTEL_SDK_DISABLED?.toLowerCase() === 'true' || env.OTEL_TRACES_EXPORTER === 'none') return false;
  return [env.OTEL_EXPORTER_OTLP_ENDPOINT, env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, env.OTEL_TRACES_EXPORTER].some(
    Boolean,
  );
}

/**
 * Traces this process by OpenTelemetry's own variables (`OTEL_…`); null where they do not ask for it, and then nothing of
 * OpenTelemetry's SDK is loaded.
 * @throws TrawlError SETTINGS_INVALID where they ask for what there is not.
 */
export async function startTracing(env: Environment, logger: Logger): Promise<Tracing | null> {
  if (!wantsTraces(env)) return null;
  const exporterName = env.OTEL_TRACES_EXPORTER || 'otlp';
  const protocol = env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL || env.OTEL_EXPORTER_OTLP_PROTOCOL || 'http/protobuf';
  if (exporterName !== 'otlp' && exporterName !== 'console')
    throw unknown('OTEL_TRACES_EXPORTER', 'otlp, console or none');
  if (protocol !== 'http/protobuf' && protocol !== 'http/json')
    throw unknown('OTEL_EXPORTER_OTLP_PROTOCOL', 'http/protobuf or http/json');
  // The SDK looks at the process's environment only; ours may stand in .env.
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

/** The SDK tells errors as JSON of all their members; the message is what helps. */
function wordsOf(told: unknown): string {
  if (told instanceof Error) return reasonOf(told);
  try {
    const { message } = JSON.parse(String(told)) as { message?: unknown };
    return String(message ?? told);
  } catch {
    return String(told);
  }
}

function unknown(name: string, expected: string): TrawlError {
  return new TrawlError('SETTINGS_INVALID', `${name} must be ${expected}.`, {
    hint: 'Correct it, or unset it to do without traces.',
  });
}
