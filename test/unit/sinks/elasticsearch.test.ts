import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ElasticsearchClient } from '../../../src/sinks/elasticsearch/client.js';
import { elasticsearch } from '../../../src/sinks/elasticsearch/sink.js';
import {
  batchOf,
  event,
  expectRecord,
  hostileEvents,
  httpClient,
  json,
  open,
  receiver,
  refusal,
  type SeenRequest,
  settingsOf,
  text,
} from './support.js';

const idOf = (id: string, collector = 'acme') =>
  createHash('sha256')
    .update(`[${JSON.stringify(collector)},${JSON.stringify(id)}]`)
    .digest('hex');

const clientOf = (url: string, more: Record<string, string> = {}) => open(elasticsearch, { URL: url, ...more });

function hasty(url: string, more: Record<string, string> = {}): { client: ElasticsearchClient; waits: number[] } {
  const waits: number[] = [];
  const settings = settingsOf(elasticsearch, { URL: url, ...more });
  const client = new ElasticsearchClient(httpClient(), settings, async (ms) => void waits.push(ms));
  return { client, waits };
}

interface Sent {
  action: string;
  id: string;
  line: string;
}

/** Actions and documents of a request, by the rules of the bulk API. */
function documentsOf({ body }: Pick<SeenRequest, 'body'>): Sent[] {
  expect(body.endsWith('\n')).toBe(true);
  const lines = body.slice(0, -1).split('\n');
  expect(lines.length % 2).toBe(0);
  return Array.from({ length: lines.length / 2 }, (_, at) => {
    const [[action, { _id: id }] = expect.fail()] = Object.entries(
      JSON.parse(lines[2 * at]!) as Record<string, { _id: string }>,
    );
    return { action, id, line: lines[2 * at + 1]! };
  });
}

type Item = Record<string, unknown> & { status: number };

/** Answers each document with the result of `item`. */
function bulk(item: (at: number) => Item = () => ({ status: 201 })): Parameters<typeof receiver>[0] {
  return (response, request) => {
    const items = documentsOf(request).map(({ action, id }, at) => ({
      [action]: { _index: 'x', _id: id, ...item(at) },
    }));
    json(200, { took: 1, errors: items.length > 0, items })(response, request);
  };
}

const failing = (status: number, type: string, reason = 'marked-event') => ({ status, error: { type, reason } });

describe('events for Elasticsearch', () => {
  it('are these bytes', async () => {
    const { url, seen } = await receiver(bulk());
    const sent = await clientOf(url, { GZIP: 'no' }).send(batchOf([event(1), event(2)]));
    const pair = (n: number) =>
      `{"index":{"_id":"${idOf(`id-${n}`)}"}}\n{"@timestamp":"2026-11-23T10:20:30.123456789Z","collector":"acme","seq":${n},"id":"id-${n}","timestamp":"2026-11-23T10:20:30.123456789Z","type":"server.login","actor":"ann","user":"bob","client":"","gateway":"","group":"","project":"p1","hostname":"h1","server":"","from_addr":"192.0.2.1","raw_event":{"n":${n},"big":12345678901234567890,"trailing":1.50},"collected_at":"2026-11-23T10:21:00.000Z"}\n`;
    expect(seen).toHaveLength(1);
    expect(seen[0]!.bytes.toString()).toBe(pair(1) + pair(2));
    expect(seen[0]).toMatchObject({
      method: 'POST',
      url: '/trawl-asa/_bulk',
      headers: { 'content-type': 'application/x-ndjson' },
    });
    expect(seen[0]!.headers).not.toHaveProperty('authorization');
    expect(sent).toEqual({ objects: [], bytes: seen[0]!.bytes.byteLength, unmapped: 0, refused: [] });
  });

  it('may be hostile', async () => {
    const { url, seen } = await receiver(bulk());
    await clientOf(url).send(batchOf(hostileEvents));
    const documents = documentsOf(seen[0]!);
    expect(documents.map(({ id }) => id)).toEqual(hostileEvents.map(({ id }) => idOf(id)));
    for (const [at, { line }] of documents.entries()) {
      const stamp = '{"@timestamp":"2026-11-23T10:20:30.123456789Z",';
      expect(line.startsWith(stamp)).toBe(true);
      expectRecord(`{${line.slice(stamp.length)}`, hostileEvents[at]!);
    }
  });

  it('are the same bytes and ids each time, compressed', async () => {
    const { url, seen } = await receiver(text(502, ''), bulk());
    const client = clientOf(url);
    await refusal(client.send(batchOf([event(1), event(2)])));
    const { bytes } = await client.send(batchOf([event(1), event(2)]));
    expect(seen[0]!.headers['content-encoding']).toBe('gzip');
    expect(seen[1]!.bytes).toEqual(seen[0]!.bytes);
    expect(bytes).toBe(seen[1]!.bytes.byteLength);
  });

  it('have other ids in another collector', async () => {
    const { url, seen } = await receiver(bulk());
    await clientOf(url).send(batchOf([event(1, { collector: 'other' })]));
    expect(documentsOf(seen[0]!)[0]!.id).toBe(idOf('id-1', 'other'));
  });

  it('go to the index of their own time', async () => {
    const { url, seen } = await receiver(bulk());
    const times = ['2026-10-31T23:59:59Z', '2026-11-01T00:00:00Z', '2026-11-01T00:30:00+01:00'];
    const events = times.map((timestamp, at) => event(at + 1, { timestamp }));
    await clientOf(url, { INDEX: '{source}-{collector}-{yyyy.MM}' }).send(batchOf(events));
    expect(seen.map((request) => request.url)).toEqual(['/asa-acme-2026.10/_bulk', '/asa-acme-2026.11/_bulk']);
    const seqs = seen.map((request) =>
      documentsOf(request).map(({ line }) => (JSON.parse(line) as { seq: number }).seq),
    );
    expect(seqs).toEqual([[1, 3], [2]]);
  });

  it('are split by size, in order', async () => {
    const { url, seen } = await receiver(bulk());
    await clientOf(url, { MAX_BYTES: '1500' }).send(batchOf([1, 2, 3, 4, 5].map((seq) => event(seq))));
    expect(seen.length).toBeGreaterThan(1);
    for (const request of seen) expect(request.body.length).toBeLessThanOrEqual(1_500);
    expect(seen.flatMap(documentsOf).map(({ id }) => id)).toEqual([1, 2, 3, 4, 5].map((seq) => idOf(`id-${seq}`)));
  });

  it('are created in a data stream, in which an existing document counts as stored', async () => {
    const conflict = failing(409, 'version_conflict_engine_exception');
    const { url, seen } = await receiver(bulk((at) => (at === 0 ? conflict : { status: 201 })));
    const sent = await clientOf(url, { DATA_STREAM: 'yes', INDEX: 'logs-trawl-default' }).send(
      batchOf([event(1), event(2)]),
    );
    expect(documentsOf(seen[0]!).map(({ action }) => action)).toEqual(['create', 'create']);
    expect(sent.refused).toEqual([]);
  });

  it.each([
    [{ API_KEY: 'marked-secret' }, 'ApiKey marked-secret'],
    [{ USER: 'ann', PASSWORD: 'marked-secret:ü' }, `Basic ${Buffer.from('ann:marked-secret:ü').toString('base64')}`],
  ])('are sent with the credentials %o', async (credentials, authorization) => {
    const { url, seen } = await receiver(bulk());
    await clientOf(url, credentials as unknown as Record<string, string>).send(batchOf([event(1)]));
    expect(seen[0]!.headers.authorization).toBe(authorization);
  });
});

describe('documents that are sent again', () => {
  it('are sent again alone, with the same ids', async () => {
    const { url, seen } = await receiver(
      bulk((at) => (at === 1 ? failing(429, 'es_rejected_execution_exception') : { status: 201 })),
      bulk(() => failing(503, 'unavailable_shards_exception')),
      bulk(),
    );
    const { client, waits } = hasty(url);
    const sent = await client.send(batchOf([event(1), event(2), event(3)]));
    expect(waits).toEqual([1_000, 3_000]);
    const [first, second, third] = seen.map(documentsOf);
    expect(second).toEqual([first![1]]);
    expect(third).toEqual(second);
    expect(sent.refused).toEqual([]);
  });

  it('include those that another process was writing, unless they were to be created', async () => {
    const { url, seen } = await receiver(
      bulk(() => failing(409, 'version_conflict_engine_exception')),
      bulk(),
    );
    await hasty(url).client.send(batchOf([event(1)]));
    expect(seen).toHaveLength(2);
  });

  it('fail the batch if they never succeed', async () => {
    const { url, seen } = await receiver(bulk((at) => (at === 0 ? failing(429, 'x') : { status: 201 })));
    const { client, waits } = hasty(url);
    const error = await refusal(client.send(batchOf([event(1), event(2)])));
    expect(error).toMatchObject({ code: 'SINK_UNAVAILABLE', retry: true });
    expect(waits).toEqual([1_000, 3_000, 9_000]);
    expect(seen).toHaveLength(4);
  });
});

describe('a refused document', () => {
  it.each([
    [
      'document_parsing_exception',
      "[1:2] failed to parse field [raw_event.when] of type [date] in document with id 'x'. Preview of field's value: 'marked-event'",
      'document_parsing_exception at field raw_event.when (date).',
    ],
    ['mapper_parsing_exception', 'failed to parse', 'mapper_parsing_exception.'],
    ['strict_dynamic_mapping_exception', 'mapping set to strict', 'strict_dynamic_mapping_exception.'],
    [
      'illegal_argument_exception',
      'Document contains at least one immense term in field="x" (marked-event)',
      'illegal_argument_exception: a text is too long for its keyword field.',
    ],
    [
      'illegal_argument_exception',
      'Limit of total fields [1000] has been exceeded while adding new fields [1]',
      'illegal_argument_exception: it would pass the limit of fields of the index.',
    ],
    [
      'illegal_argument_exception',
      'field [source.ip] not present as part of path [source.ip]',
      'illegal_argument_exception: field [source.ip] not present as part of path [source.ip].',
    ],
    ['constructor', "no\u001b[2J\n Preview of field's value: 'marked-event'", 'constructor: no\\u001b[2J.'],
    ['action_request_validation_exception', '', 'action_request_validation_exception.'],
  ])('for %s is reported by known parts of its error, and the others are stored', async (type, reason, known) => {
    const { url, seen } = await receiver(bulk((at) => (at === 1 ? failing(400, type, reason) : { status: 201 })));
    const sent = await clientOf(url).send(batchOf([event(1), event(2), event(3)]));
    expect(sent.refused).toEqual([{ seq: 2, id: 'id-2', reason: known }]);
    expect(seen).toHaveLength(1);
  });

  it('has a hostile field name made printable', async () => {
    const reason = 'failed to parse field [a\u001b[2J\u202e] of type [long]';
    const { url } = await receiver(bulk(() => failing(400, 'mapper_parsing_exception', reason)));
    const { refused } = await clientOf(url).send(batchOf([event(1)]));
    expect(refused[0]!.reason).toBe('mapper_parsing_exception at field a\\u001b[2J\\u202e (long).');
  });

  it('is reported if it is too large on its own', async () => {
    const { url } = await receiver(text(413, ''));
    const { refused } = await clientOf(url).send(batchOf([event(1)]));
    expect(refused).toEqual([{ seq: 1, id: 'id-1', reason: expect.stringContaining('413') }]);
  });
});

describe('refused documents', () => {
  const poisoned = (at: number) => (at < 101 ? failing(400, 'illegal_argument_exception', 'no') : { status: 201 });
  const many = batchOf(Array.from({ length: 130 }, (_, at) => event(at + 1)));

  it('that are more than a hundred in a row fail the batch', async () => {
    const { url } = await receiver(bulk(poisoned));
    const error = await refusal(clientOf(url).send(many));
    expect(error).toMatchObject({ code: 'SINK_REFUSED', message: expect.stringContaining('more than 100 events') });
  });

  it('may be as many as there are if others between them are stored', async () => {
    const { url, seen } = await receiver(bulk((at) => (at % 2 === 0 ? failing(400, 'x_exception') : { status: 201 })));
    const events = Array.from({ length: 400 }, (_, at) => event(at + 1));
    expect((await clientOf(url).send(batchOf(events))).refused).toHaveLength(200);
    expect(seen).toHaveLength(1);
  });

  it('do not count if a pipeline drops them, which is no fault', async () => {
    const { url } = await receiver(bulk(() => ({ status: 200, result: 'noop' })));
    expect((await clientOf(url).send(many)).refused).toHaveLength(130);
  });

  it.each([{ header: { processor_type: 'set' } }, { processor_type: 'script' }])(
    'are those that a processor fails at again and again, as %o shows',
    async (more) => {
      const error = { type: 'exception', reason: 'java.lang.IllegalArgumentException: no', ...more };
      const { url, seen } = await receiver(
        bulk((at) => (at === 1 ? { status: 500, error } : { status: 201 })),
        bulk(() => ({ status: 500, error })),
      );
      const { client, waits } = hasty(url);
      const { refused } = await client.send(batchOf([event(1), event(2), event(3)]));
      expect(refused).toEqual([{ seq: 2, id: 'id-2', reason: 'exception: java.lang.IllegalArgumentException: no.' }]);
      expect([waits.length, seen.length]).toEqual([3, 4]);
    },
  );

  it.each([
    { type: 'illegal_argument_exception', reason: 'no write index is defined for alias [trawl-asa].' },
    { type: 'validation_exception', reason: 'this cluster currently has [1000]/[1000] maximum normal shards open;' },
    { type: 'index_closed_exception', reason: 'closed' },
  ])('are none if the fault is the index: %o', async (error) => {
    for (const answer of [bulk(() => ({ status: 400, error })), json(400, { error, status: 400 })]) {
      const { url, seen } = await receiver(answer);
      expect(await refusal(clientOf(url).send(batchOf([event(1), event(2)])))).toMatchObject({ code: 'SINK_REFUSED' });
      expect(seen).toHaveLength(1);
    }
  });
});

describe('a document that the answer calls successful', () => {
  const took = (item: Record<string, unknown>) => ({ status: 201, result: 'created', ...item });
  const stream = { DATA_STREAM: 'yes', INDEX: 'logs-trawl' };

  it.each([
    [{}],
    [{ failure_store: 'not_applicable_or_unknown' }],
    [{ _index: '.ds-logs-trawl-2026.11.23-000001' }],
    [{ status: 200, result: 'updated' }],
    [{ _index: 'routed-by-a-pipeline' }],
    [{ error: null }],
  ])('with %o is stored', async (item) => {
    const { url } = await receiver(bulk(() => took(item)));
    const { refused } = await clientOf(url, stream).send(batchOf([event(1)]));
    expect(refused).toEqual([]);
  });

  it.each([
    [{ failure_store: 'used', _index: '.fs-logs-trawl-2026.11.23-000002' }, 'failure_store: used'],
    [{ failure_store: 'used', _id: 'of the failure store' }, 'failure_store: used'],
    [{ failure_store: 'not_enabled' }, 'failure_store: not_enabled'],
    [{ failure_store: 'failed' }, 'failure_store: failed'],
    [{ failure_store: 'a\u001b[2J' }, 'failure_store: a\\u001b[2J'],
    [{ failure_store: true }, 'failure_store: boolean'],
    [{ _index: '.fs-logs-trawl-2026.11.23-000002' }, '_index: .fs-logs-trawl-2026.11.23-000002'],
    [{ _index: '.fs-logs-trawl-2026.11.23-000002', _id: 'of the failure store' }, 'in the failure store'],
    [{ _index: 'logs-trawl::failures' }, 'in the failure store'],
    [{ status: 200, result: 'noop' }, 'result: noop'],
  ])('with %o is not at its target: it is reported in words, and the others are stored', async (item, words) => {
    const { url, seen } = await receiver(bulk((at) => took(at === 1 ? item : {})));
    const sent = await clientOf(url, stream).send(batchOf([event(1), event(2), event(3)]));
    expect(sent.refused).toEqual([{ seq: 2, id: 'id-2', reason: expect.stringContaining(words) }]);
    expect(seen).toHaveLength(1);
  });

  it.each(['not_enabled', 'failed', 'not_applicable_or_unknown'])(
    'is judged by its error if that comes with failure_store %s',
    async (failure_store) => {
      const { url } = await receiver(
        bulk((at) => {
          if (at === 0) return { ...failing(409, 'version_conflict_engine_exception'), failure_store };
          return at === 1 ? { ...failing(400, 'document_parsing_exception', 'no'), failure_store } : took({});
        }),
      );
      const sent = await clientOf(url, stream).send(batchOf([event(1), event(2), event(3)]));
      expect(sent.refused).toEqual([{ seq: 2, id: 'id-2', reason: 'document_parsing_exception.' }]);
    },
  );

  it('is not stored if it also has an error', async () => {
    const { url } = await receiver(bulk(() => failing(201, 'some_exception')));
    expect(await refusal(clientOf(url).send(batchOf([event(1)])))).toMatchObject({ code: 'SINK_REFUSED' });
  });

  it('is stored in spite of a conflict only if it exists already', async () => {
    const { url } = await receiver(bulk(() => failing(409, 'another_conflict')));
    expect(await refusal(hasty(url, stream).client.send(batchOf([event(1)])))).toMatchObject({
      code: 'SINK_UNAVAILABLE',
    });
  });
});

describe('a document that fails the batch', () => {
  const block = (reason: string) => ({ type: 'cluster_block_exception', reason });
  const flood =
    'index [x] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, index has read-only-allow-delete block];';
  const old = 'blocked by: [FORBIDDEN/12/index read-only / allow delete (api)];';

  it.each([
    [429, block(flood), 'SINK_FULL', 'Free disk space'],
    [403, block(old), 'SINK_FULL', 'Free disk space'],
    [403, block('blocked by: [FORBIDDEN/8/index write (api)];'), 'SINK_REFUSED', 'block'],
    [403, { type: 'security_exception', reason: 'marked-event' }, 'SINK_REFUSED', 'privileges'],
    [404, { type: 'index_not_found_exception', reason: 'no such index' }, 'SINK_REFUSED', 'Create the index'],
    [
      400,
      {
        type: 'illegal_argument_exception',
        reason: 'only write ops with an op_type of create are allowed in data streams',
      },
      'SINK_REFUSED',
      'dataStream=yes',
    ],
    [
      400,
      { type: 'illegal_argument_exception', reason: 'pipeline with id [marked-event] does not exist' },
      'SINK_REFUSED',
      'pipeline',
    ],
    [500, { type: 'marked-event', reason: 'marked-event' }, 'SINK_UNAVAILABLE', 'cluster'],
  ])('with status %i and %o is %s', async (status, error, code, hint) => {
    const { url } = await receiver(bulk((at) => (at === 1 ? { status, error } : { status: 201 })));
    const refused = await refusal(clientOf(url).send(batchOf([event(1), event(2)])));
    expect(refused).toMatchObject({ code, retry: code !== 'SINK_REFUSED' });
    expect(refused.hint).toContain(hint);
  });
});

describe('an answer as a whole', () => {
  it.each([
    [401, { error: { type: 'security_exception', reason: 'marked-event' }, status: 401 }, 'SINK_REFUSED'],
    [403, { error: { type: 'security_exception', reason: 'marked-event' } }, 'SINK_REFUSED'],
    [403, { error: { type: 'cluster_block_exception', reason: 'flood-stage' } }, 'SINK_FULL'],
    [404, { error: { type: 'index_not_found_exception' } }, 'SINK_REFUSED'],
    [400, { error: { root_cause: [{ type: 'invalid_index_name_exception' }] } }, 'SINK_REFUSED'],
    [429, { error: { type: 'es_rejected_execution_exception' } }, 'SINK_UNAVAILABLE'],
    [502, null, 'SINK_UNAVAILABLE'],
    [507, null, 'SINK_FULL'],
  ])('with status %i and %o is %s', async (status, body, code) => {
    const { url } = await receiver(json(status, body, { 'retry-after': '60' }));
    const error = await refusal(clientOf(url, { API_KEY: 'marked-secret' }).send(batchOf([event(1), event(2)])));
    expect(error).toMatchObject({ code, retry: code !== 'SINK_REFUSED' });
    expect(error.message).toContain(code === 'SINK_FULL' && status === 403 ? 'watermark' : String(status));
    if (status === 429) expect(error.retryAfterMs).toBeGreaterThanOrEqual(60_000);
  });

  it.each([[{ API_KEY: 'marked-secret' }], [{ USER: 'ann', PASSWORD: 'marked-secret' }]])(
    'that refuses an event may quote the credentials of %o, which are not kept',
    async (credentials) => {
      const { url } = await receiver((response, request) =>
        text(400, `no: ${request.headers.authorization}!`)(response, request),
      );
      const { refused } = await clientOf(url, credentials).send(batchOf([event(1)]));
      expect(refused[0]!.reason).toMatch(/no: \w+ \[secret\]!\.$/);
    },
  );

  const item = (id: string, status: unknown = 201, action = 'index') => ({ [action]: { _id: id, status } });

  it.each([
    ['HTML', '<html>marked-event</html>'],
    ['empty', ''],
    ['no list', '{"took":1,"errors":false}'],
    ['too short', JSON.stringify({ errors: false, items: [item(idOf('id-1'))] })],
    ['too long', JSON.stringify({ errors: false, items: [1, 2, 3].map((n) => item(idOf(`id-${n}`))) })],
    ['of other documents', JSON.stringify({ errors: false, items: [item(idOf('id-2')), item(idOf('id-1'))] })],
    ['of other actions', JSON.stringify({ items: [1, 2].map((n) => item(idOf(`id-${n}`), 201, 'create')) })],
    ['without a status', JSON.stringify({ items: [1, 2].map((n) => item(idOf(`id-${n}`), '201')) })],
  ])('with status 200 that is %s confirms nothing', async (_, body) => {
    const { url } = await receiver(text(200, body));
    const error = await refusal(clientOf(url).send(batchOf([event(1), event(2)])));
    expect(error).toMatchObject({ code: 'SINK_ANSWER_UNREADABLE', retry: true });
  });
});

describe('the check of an Elasticsearch', () => {
  it.each([
    json(400, { error: { type: 'action_request_validation_exception', reason: 'no requests added' } }),
    json(200, { took: 0, errors: false, items: [] }),
  ])('is a request without documents', async (answer) => {
    const { url, seen } = await receiver(answer);
    await clientOf(url).check();
    expect(seen).toMatchObject([{ url: '/_bulk', body: '\n' }]);
  });

  it.each([
    [json(401, { error: { type: 'security_exception' } }), 'SINK_REFUSED'],
    [text(400, '<html>'), 'SINK_REFUSED'],
    [text(200, '<html>'), 'SINK_ANSWER_UNREADABLE'],
    [json(200, {}), 'SINK_ANSWER_UNREADABLE'],
  ])('reports what is wrong (%#)', async (answer, code) => {
    const { url } = await receiver(answer);
    expect((await refusal(clientOf(url).check())).code).toBe(code);
  });
});

describe('the settings of an Elasticsearch', () => {
  const url = 'https://search.example';

  it.each([
    [{ API_KEY: 'x', USER: 'ann', PASSWORD: 'y' }, 'apiKey'],
    [{ USER: 'ann' }, 'must be set together'],
    [{ INDEX: 'Upper' }, 'SINK_OUT_INDEX'],
    [{ INDEX: '_hidden' }, 'SINK_OUT_INDEX'],
    [{ INDEX: 'a-{unknown}' }, 'SINK_OUT_INDEX'],
    [{ INDEX: 'a,b' }, 'SINK_OUT_INDEX'],
    [{ INDEX: 'a/b' }, 'SINK_OUT_INDEX'],
  ])('%o are refused', (more, what) => {
    const variables = { URL: url, ...more } as Record<string, string>;
    expect(() => settingsOf(elasticsearch, variables)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(what) }),
    );
  });
});
