import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

export interface Span {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: { key: string; value: unknown }[];
}

interface Export {
  resourceSpans: { scopeSpans: { spans: Span[] }[] }[];
}

/** Receives traces as JSON, like an OpenTelemetry collector. */
export class OtlpReceiver {
  readonly spans: Span[] = [];
  /** Everything received, as text. */
  readonly texts: string[] = [];
  readonly #server = createServer(async (request, response) => {
    const sent = (await json(request)) as Export;
    this.texts.push(JSON.stringify(sent));
    for (const { scopeSpans } of sent.resourceSpans) for (const scope of scopeSpans) this.spans.push(...scope.spans);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });

  /** @returns the variables that make a process send its traces here. */
  async start(): Promise<Record<string, string>> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const { port } = this.#server.address() as AddressInfo;
    return { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' };
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
