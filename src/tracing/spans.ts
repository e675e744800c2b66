import { type Attributes, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { reasonOf } from '../errors.js';

const tracer = trace.getTracer('trawl');

/** Runs `body` in a span, at no cost if tracing is off. Attributes must not contain secrets or parts of an event. */
export function traced<T>(
  name: string,
  attributes: Attributes,
  body: (addAttributes: (more: Attributes) => void) => Promise<T>,
  kind = SpanKind.INTERNAL,
): Promise<T> {
  return tracer.startActiveSpan(name, { kind, attributes }, async (span) => {
    try {
      return await body((more) => span.setAttributes(more));
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: reasonOf(error) });
      throw error;
    } finally {
      span.end();
    }
  });
}

export const clientSpan = SpanKind.CLIENT;
