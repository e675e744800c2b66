import { expect, it, onTestFinished } from 'vitest';
import { Place } from '../support/cli.js';
import { OtlpReceiver, type Span } from '../support/otlp.js';

/** Span names from a span up to the root. */
function lineage(spans: readonly Span[], span: Span): string[] {
  const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
  return [span.name, ...(parent ? lineage(spans, parent) : [])];
}

it('a trace leads from the run through its steps to requests and transactions, without any secret or event', async () => {
  const receiver = new OtlpReceiver();
  onTestFinished(() => receiver.close());
  const { spans, texts } = receiver;
  const { place, demo } = await Place.withDemo({ events: 250 }, { SEARCH_COUNT: '100', ...(await receiver.start()) });
  expect(await place.run('collect', 'asa')).toMatchObject({ code: 0 });

  const written = spans.filter(({ name }) => name === 'store.writePage');
  expect(written).toHaveLength(3);
  const requests = spans.filter(({ name }) => name.startsWith('GET '));
  expect(requests).toHaveLength(demo.requests.audits);
  expect(new Set(written.map((span) => lineage(spans, span).join(' < ')))).toEqual(
    new Set([
      'store.writePage < RunActivity:writePages < StartActivity:writePages < RunWorkflow:recurringAuditCollection',
    ]),
  );
  expect(lineage(spans, requests[0]!).slice(1)).toEqual([
    'RunActivity:fetchPages',
    'StartActivity:fetchPages',
    'RunWorkflow:recurringAuditCollection',
  ]);
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
  const text = texts.join('');
  expect(text).toContain('"trawl"');
  expect(text).not.toContain(demo.keySecret);
  expect(text).not.toContain('Bearer');
  for (const { id } of demo.truth()) expect(text).not.toContain(id);
}, 120_000);

it('a missing receiver delays nothing, and is reported once', async () => {
  const { place } = await Place.withDemo({ events: 30 }, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' });
  place.env.TRAWL_LOG_LEVEL = 'info';
  const { code, stderr } = await place.run('collect', 'asa');
  expect(code).toBe(0);
  expect(stderr).toContain('30 new events');
  expect(stderr.match(/Traces are not sent/g) ?? []).toHaveLength(1);
}, 120_000);

it.each([
  ['OTEL_TRACES_EXPORTER', 'zipkin'],
  ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc'],
])(
  '%s=%s is refused with a clear message',
  async (name, value) => {
    const { place } = await Place.withDemo({ events: 1 }, { OTEL_TRACES_EXPORTER: 'otlp', [name]: value });
    expect(await place.run('collect', 'asa')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`${name} must be`),
    });
  },
  60_000,
);
