import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { root } from '../../scripts/setup.mjs';
import { newestSchema } from '../../src/schemas/registry.js';
import { elasticsearch } from '../../src/sinks/elasticsearch/sink.js';
import { until } from '../support/collection.js';
import { offloading, truthOf } from '../support/offloading.js';
import { startOpenSearch, type TestOpenSearch } from '../support/opensearch.js';
import { demoEvents } from '../unit/schemas/demo-events.js';
import { batchOf, event, hostileEvents, httpClient, open } from '../unit/sinks/support.js';

/** One for all tests, each of which has indices of its own: starting takes longer than what they do with it. */
let running: TestOpenSearch | null;
beforeAll(async () => {
  running = await startOpenSearch();
}, 300_000);
afterAll(() => running?.remove());

function started({ skip }: TestContext): TestOpenSearch {
  return running ?? skip('there is no Java, or no Maven to fetch OpenSearch with');
}

async function countOf(server: TestOpenSearch, index: string): Promise<unknown> {
  await server.ask('POST', `/${index}/_refresh`);
  return (await server.ask('GET', `/${index}/_count`)).count;
}

/** The sources of all documents of an index, in the order of their sequence numbers. */
async function documentsIn(server: TestOpenSearch, index: string): Promise<Record<string, unknown>[]> {
  await server.ask('POST', `/${index}/_refresh`);
  const { hits } = await server.ask('POST', `/${index}/_search`, { size: 10_000, sort: [{ seq: 'asc' }] });
  return (hits as { hits: { _source: Record<string, unknown> }[] }).hits.map(({ _source }) => _source);
}

/** Patient: OpenSearch makes an index when the first event comes. */
const opened = (variables: Record<string, string>) => open(elasticsearch, variables, httpClient(30_000));

const formOf = (schema: string) => ({
  form: {
    ...{ schema, schemaVersion: newestSchema(schema)?.version ?? '1' },
    ...{ format: '', compression: 'none', layout: 'raw' },
  },
});

describe('a real OpenSearch', () => {
  it('has each event once, however often it is sent, including hostile ones', async (context) => {
    const server = started(context);
    // Members of many kinds would create as many fields.
    const mappings = { properties: { raw_event: { type: 'object', enabled: false } } };
    for (const index of ['events', 'hostile']) await server.ask('PUT', `/${index}`, { mappings });
    const client = opened({ URL: server.url, INDEX: 'events', MAX_BYTES: '100000' });
    await client.check();
    const events = demoEvents.asa!(500);
    for (let times = 0; times < 2; times += 1)
      expect(await client.send(batchOf(events))).toMatchObject({ refused: [] });
    expect((await documentsIn(server, 'events')).map(({ id }) => id)).toEqual(events.map(({ id }) => id));
    const hostile = opened({ URL: server.url, INDEX: 'hostile' });
    // It does not accept numbers beyond a double or duplicate members as JSON.
    expect((await hostile.send(batchOf(hostileEvents))).refused).toHaveLength(hostileEvents.length);
    const texts = hostileEvents.map((of) => ({ ...of, rawEvent: JSON.stringify({ text: of.type }) }));
    expect(await hostile.send(batchOf(texts))).toMatchObject({ refused: [] });
    const types = (await documentsIn(server, 'hostile')).map(({ type }) => type);
    expect(types.map((type) => String(type).toWellFormed())).toEqual(texts.map(({ type }) => type.toWellFormed()));
  }, 120_000);

  it('refuses what its mapping cannot hold, event by event, and keeps the others', async (context) => {
    const server = started(context);
    await server.ask('PUT', '/strict', {
      mappings: { properties: { raw_event: { properties: { n: { type: 'long' } } } } },
    });
    const odd = event(2, { rawEvent: '{"n":{"a":1}}' });
    const client = opened({ URL: server.url, INDEX: 'strict' });
    const plain = (seq: number) => event(seq, { rawEvent: '{"n":1}' });
    const { refused } = await client.send(batchOf([plain(1), odd, plain(3)]));
    expect(refused).toMatchObject([
      { seq: 2, id: 'id-2', reason: expect.stringContaining('mapper_parsing_exception') },
    ]);
    expect(await countOf(server, 'strict')).toBe(2);
  }, 120_000);

  it('accepts ECS of all sources with the template in deploy/, also in a data stream', async (context) => {
    const server = started(context);
    const templateOf = (product: string) => readFileSync(join(root, 'deploy', product, 'index-template.json'), 'utf8');
    const template = JSON.parse(templateOf('opensearch'));
    // The same except for a type whose name differs between the two.
    const flattened = /"type": "flattened",\s*"ignore_above": 1024/g;
    expect(template).toEqual(JSON.parse(templateOf('elasticsearch').replace(flattened, '"type": "flat_object"')));
    expect(await server.ask('PUT', '/_index_template/trawl', template)).toEqual({ acknowledged: true });
    const stream = { ...template, index_patterns: ['trawl-ecs-stream'], priority: 300, data_stream: {} };
    expect(await server.ask('PUT', '/_index_template/stream', stream)).toEqual({ acknowledged: true });
    for (const source of ['asa', 'descope', 'skyflow']) {
      const batch = batchOf(demoEvents[source]!(300), { source, collector: source, ...formOf('ecs') });
      const plain = opened({ URL: server.url, INDEX: 'trawl-ecs-{source}' });
      expect(await plain.send(batch)).toMatchObject({ refused: [] });
      expect(await countOf(server, `trawl-ecs-${source}`)).toBe(300);
    }
    const client = opened({ URL: server.url, INDEX: 'trawl-ecs-stream', DATA_STREAM: 'yes' });
    const batch = batchOf(demoEvents.asa!(300), formOf('ecs'));
    for (let times = 0; times < 2; times += 1) expect(await client.send(batch)).toMatchObject({ refused: [] });
    expect(await countOf(server, 'trawl-ecs-stream')).toBe(300);
  }, 120_000);

  it('that dies during sending has every event once in the end', async (context) => {
    const server = started(context);
    const sink = { kind: 'elasticsearch', url: server.url, index: 'audit', batchEvents: '200', maxBytes: '50000' };
    const collection = await offloading({ siem: sink });
    await server.ask('PUT', '/audit', { mappings: { properties: { raw_event: { type: 'object', enabled: false } } } });
    await collection.collect();
    const handle = await collection.start({ type: 'offloadEvents', input: { collector: 'asa' } });
    const sent = async () => (await collection.store.offload.cursors('asa'))[0]?.batches ?? 0;
    await until('some of it is there', async () => (await sent()) > 2);
    process.kill(server.pid(), 'SIGKILL');
    await until('a step has failed for it', async () =>
      (await collection.store.offload.cursors('asa')).some(({ failure }) => failure !== null),
    );
    await server.start();
    await handle.result();
    const ids = (await documentsIn(server, 'audit')).map(({ id }) => id);
    expect(ids).toEqual(truthOf(collection).map(({ id }) => id));
  }, 180_000);
});
