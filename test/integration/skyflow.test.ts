import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { until } from '../support/collection.js';
import { SkyflowCollection } from '../support/skyflow.js';
import { query } from '../support/store.js';

const minute = 60_000;

describe('collecting from Skyflow', () => {
  it.each([
    { by: 'key' },
    { by: 'credentials', lastNextOps: 'missing', emptyEvent: 'absent' },
    { by: 'credentials', emptyEvent: 'list', limitMax: 30 },
  ] as const)('collects all events without content: %o', async (options) => {
    const collection = await SkyflowCollection.start(options);
    await collection.collect();
    await collection.expectComplete();
    const event = (await collection.stored())[0]!;
    const { request } = JSON.parse(event.rawEvent);
    expect(event).toMatchObject({ collector: 'skyflow', project: request.vaultID, gateway: '', extra: null });
    if (collection.place.kind === 'postgres') {
      for (const table of ['audit_events', 'rejected_events', 'execution_log', 'audit_related_objects'])
        expect(
          await query(collection.place, `SELECT 1 FROM ${table} AS line WHERE line::text LIKE '%sensitive-%'`),
        ).toEqual([]);
      expect(await query(collection.place, 'SELECT 1 FROM staged_pages')).toEqual([]);
      return;
    }
    await collection.store.close();
    const files = readdirSync(collection.folder).filter((name) => name.startsWith('trawl.db'));
    for (const name of files) expect(readFileSync(join(collection.folder, name)).includes('sensitive-')).toBe(false);
    expect(files.length).toBeGreaterThan(0);
  });

  it('collects the content too, if it is to be kept', async () => {
    const collection = await SkyflowCollection.start({}, { SKYFLOW_KEEP_CONTENT: 'true' });
    await collection.collect();
    await collection.expectComplete({ content: true });
  });

  it('collects thousands of events that share one time', async () => {
    const collection = await SkyflowCollection.start({ events: 250 });
    collection.demo.addLate(3_000, Date.now() - 86_400_000);
    await collection.collect();
    await collection.expectComplete();
  });

  it('collects events that arrive during the walk, with a token that often expires', async () => {
    const collection = await SkyflowCollection.start(
      { by: 'credentials', tokenLifetimeMs: 300, latencyMs: 20, arrivalIntervalMs: 200, limitMax: 20 },
      { SEARCH_COUNT: '20' },
    );
    await collection.collect();
    const arrived = collection.demo.truth().length;
    expect(arrived).toBeGreaterThan(350);
    await collection.collect();
    const stored = new Set((await collection.stored()).map(({ id }) => id));
    const missing = collection.demo
      .truth()
      .slice(0, arrived)
      .filter(({ changeID }) => !stored.has(changeID));
    expect(missing).toEqual([]);
    expect(collection.demo.requests.tokens).toBeGreaterThan(2);
  });

  it('collects only events that match the filters', async () => {
    const collection = await SkyflowCollection.start(
      {},
      { SKYFLOW_FILTER_ACTION_TYPE: 'READ', SKYFLOW_FILTER_ACTOR_TYPE: 'SERVICE_ACCOUNT' },
    );
    await collection.collect();
    const wanted = collection.demo
      .truth()
      .filter(
        ({ filterable }) => filterable.actionType === 'READ' && filterable['context.actorType'] === 'SERVICE_ACCOUNT',
      );
    expect(wanted.length).toBeGreaterThan(20);
    await collection.expectStored(wanted);
  });

  it('starts from an offset that a person gave', async () => {
    const collection = await SkyflowCollection.start();
    const { timestamp, changeID } = collection.demo.truth()[199]!;
    await collection.moveCheckpoint(() => `{ "changeID": "${changeID}", "timestamp": "${timestamp}" }`);
    await collection.collect();
    await collection.expectStored(collection.demo.truth().slice(200));
  });

  it.each([-20 * minute, 20 * minute])('copes with clocks that differ by %i ms', async (clockAheadMs) => {
    const collection = await SkyflowCollection.start({ by: 'credentials' });
    collection.demo.signIn.clockAheadMs = clockAheadMs;
    collection.demo.addEvents(3);
    await collection.collect();
    await collection.expectComplete();
  });

  it('keeps events that do not fit as rejects, and stores the others', async () => {
    const collection = await SkyflowCollection.start({ events: 20 });
    collection.demo.addText('{"context":{},"request":{"data":{"content":"sensitive"}}}');
    collection.demo.addText('null');
    collection.demo.addEvents(2);
    await collection.collect();
    expect(await collection.store.eventCount('skyflow')).toBe(22);
    expect(await collection.store.rejectedCount('skyflow')).toBe(2);
  });
});

describe('a run with nothing new', () => {
  it.each(['given', 'missing'] as const)(
    'costs one request and writes nothing, nextOps %s at the end',
    async (lastNextOps) => {
      const collection = await SkyflowCollection.start({
        lastNextOps,
        historyDays: 29,
        anchorMs: Date.now() - 86_400_000,
      });
      for (const young of [0, 3]) {
        collection.demo.addEvents(young);
        await collection.collect();
        // From its second reading on, a page without nextOps is recognised by its digest.
        await collection.collect();
        const before = await collection.store.checkpoint('skyflow');
        for (let run = 0; run < 3; run += 1) expect(await collection.requestsOfRun()).toBe(1);
        expect(await collection.store.checkpoint('skyflow')).toMatchObject({
          lastOffset: before.lastOffset,
          pages: before.pages,
        });
        expect((await collection.notes()).at(-1)).toBe('No new events: 0');
      }
      await collection.expectComplete();
    },
  );

  it('costs one request again after the overlap', async () => {
    const collection = await SkyflowCollection.start();
    collection.demo.addEvents(3);
    await collection.collect();
    expect((await collection.store.checkpoint('skyflow')).lastOffset).toContain('settled');
    await collection.letOverlapPass();
    expect(await collection.requestsOfRun()).toBeGreaterThan(1);
    expect(await collection.requestsOfRun()).toBe(1);
    // Now the events are older than the overlap, by the vendor's clock.
    collection.demo.signIn.clockAheadMs = 20 * minute;
    await collection.letOverlapPass();
    expect(await collection.requestsOfRun()).toBeGreaterThan(1);
    expect((await collection.store.checkpoint('skyflow')).lastOffset).not.toContain('settled');
    expect(await collection.requestsOfRun()).toBe(1);
    await collection.expectComplete();
  });
});

describe('events that appear late', () => {
  it.each(['given', 'missing'] as const)(
    'are found once the overlap has passed, nextOps %s at the end',
    async (lastNextOps) => {
      const collection = await SkyflowCollection.start({ lastNextOps });
      collection.demo.addEvents(130);
      await collection.collect();
      const late = collection.demo.addLate(3, Date.now() - 14 * minute);
      collection.demo.addLate(120, Date.now() - 5 * minute);
      collection.demo.addEvents(2);
      await collection.collect();
      const ids = (await collection.stored()).map(({ id }) => id);
      expect(late.filter(({ changeID }) => ids.includes(changeID))).toEqual([]);
      await collection.letOverlapPass();
      await collection.collect();
      await collection.expectComplete();
    },
  );

  it('are not looked for if the cursor is trusted', async () => {
    const collection = await SkyflowCollection.start({}, { SKYFLOW_OVERLAP_MINUTES: '0' });
    collection.demo.addEvents(3);
    await collection.collect();
    const known = [...collection.demo.truth()];
    collection.demo.addLate(3, Date.now() - 5 * minute);
    await collection.collect();
    await collection.expectStored(known);
    expect((await collection.store.checkpoint('skyflow')).lastOffset).not.toContain('settled');
  });
});

describe('a wrong nextOps', () => {
  it.each(['repeat', 'first', 'drop', 'half'] as const)('%s: nothing is lost or doubled', async (spoil) => {
    const collection = await SkyflowCollection.start();
    await collection.collect();
    collection.demo.addEvents(250);
    collection.demo.manners.spoilNextOps.push(spoil);
    await collection.collect();
    await collection.collect();
    await collection.expectComplete();
  });

  it('that always leads back is reported once, and all reachable events are kept', async () => {
    const collection = await SkyflowCollection.start();
    await collection.collect();
    collection.demo.addEvents(50);
    collection.demo.manners.spoilNextOps.push(...Array.from({ length: 50 }, () => 'repeat' as const));
    for (let run = 0; run < 3; run += 1) {
      expect(await collection.requestsOfRun()).toBe(1);
      await collection.expectComplete();
      collection.demo.addEvents(1);
    }
    const stuck = (await collection.notes()).filter((note) => note.startsWith('STUCK'));
    expect(stuck).toEqual([expect.stringContaining('nextOps leads back to "')]);
    collection.demo.manners.spoilNextOps.length = 0;
    await collection.collect();
    await collection.expectComplete();
  });
});

describe('a page whose nextOps leads back later', () => {
  it('is reported too', async () => {
    const collection = await SkyflowCollection.start({ lastNextOps: 'missing' });
    for (let run = 0; run < 2; run += 1) await collection.collect();
    collection.demo.manners.lastNextOps = 'given';
    collection.demo.manners.spoilNextOps.push('repeat', 'repeat');
    for (let run = 0; run < 2; run += 1) expect(await collection.requestsOfRun()).toBe(1);
    expect((await collection.notes()).filter((note) => note.startsWith('STUCK'))).toHaveLength(1);
    await collection.expectComplete();
  });
});

describe('temporary faults of Skyflow', () => {
  it.each([
    { kind: 'status', status: 401 },
    { kind: 'status', status: 429, retryAfter: '1' },
    { kind: 'status', status: 503 },
    { kind: 'status', status: 500, target: 'token', after: 0 },
    { kind: 'token-expired' },
    { kind: 'html' },
    { kind: 'truncated' },
    { kind: 'empty' },
    { kind: 'empty-json' },
    { kind: 'null-list' },
    { kind: 'reset' },
    { kind: 'reset-before' },
    { kind: 'oversize', bytes: 65 * 1024 * 1024 },
  ] as const)('%o: nothing is lost or doubled', async (fault) => {
    const collection = await SkyflowCollection.start({ by: 'credentials' });
    collection.demo.faults.add({ after: 1, ...fault });
    await collection.collect();
    // An empty answer is the end so far.
    await collection.collect();
    await collection.expectComplete();
  });

  it('include a worker that ends in the middle', async () => {
    const collection = await SkyflowCollection.start({ latencyMs: 50, limitMax: 10 });
    const handle = await collection.start();
    await until('some requests', () => collection.demo.requests.audits > 3);
    await collection.startWorker();
    await handle.result();
    await collection.expectComplete();
  });
});

describe('failures of Skyflow that need a person', () => {
  it('a revoked API key: the run fails and says what to do', async () => {
    const collection = await SkyflowCollection.start();
    await collection.collect();
    collection.demo.signIn.apiKeyRevoked = true;
    const { type, message } = await collection.failure();
    expect(type).toBe('CREDENTIALS_REFUSED');
    expect(message).toContain('Check SKYFLOW_API_KEY: that it was not revoked or rotated');
    expect(message).not.toContain(collection.demo.signIn.apiKey);
  });

  it('a bearer token that has expired', async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const token = `${part({ alg: 'RS256' })}.${part({ exp: 1_700_000_000 })}.c2ln`;
    const collection = await SkyflowCollection.start({}, { SKYFLOW_API_KEY: token });
    const { type, message } = await collection.failure();
    expect(type).toBe('CREDENTIALS_REFUSED');
    expect(message).toContain('The bearer token in SKYFLOW_API_KEY expired at 2023-11-14T22:13:20.000Z');
    expect(message).not.toContain(token);
  });

  it('a deleted service account', async () => {
    const collection = await SkyflowCollection.start({ by: 'credentials' });
    collection.demo.signIn.accountRevoked = true;
    expect(await collection.failure()).toMatchObject({
      type: 'CREDENTIALS_REFUSED',
      message: expect.stringContaining('Check the credentials file: that the service account and its key still exist'),
    });
  });

  it.each([
    ['not JSON', () => 'sensitive {', 'it is not a JSON object'],
    ['without members', () => '{"clientID":"sensitive"}', 'it lacks keyID, tokenURI, privateKey'],
    [
      'with a broken key',
      (right: string) => right.replace('BEGIN PRIVATE KEY-----\\nMII', 'BEGIN PRIVATE KEY-----\\nsensitive'),
      'its privateKey is not a valid private key in PEM form',
    ],
  ])('a credentials file %s', async (_, credentials, problem) => {
    const collection = await SkyflowCollection.start({ by: 'credentials', credentials });
    const { type, message } = await collection.failure();
    expect(type).toBe('SETTINGS_INVALID');
    expect(message).toContain('SKYFLOW_CREDENTIALS_FILE');
    expect(message).toContain(problem);
    expect(message).not.toContain('sensitive');
    expect(collection.demo.requests.total).toBe(0);
  });

  it('another account', async () => {
    const collection = await SkyflowCollection.start({}, { SKYFLOW_ACCOUNT_ID: 'other' });
    expect(await collection.failure()).toMatchObject({
      type: 'NOT_FOUND',
      message: expect.stringContaining('Check SKYFLOW_ACCOUNT_ID'),
    });
  });

  it.each(['{"timestamp":"2020-01-01 00:00:00","changeID":"gone"}', 'v9 somewhere'])(
    'an offset that the API does not know: everything is read again, %s',
    async (offset) => {
      const collection = await SkyflowCollection.start();
      await collection.collect();
      await collection.moveCheckpoint(() => offset);
      await collection.collect();
      await collection.expectComplete();
      expect((await collection.notes()).join()).toContain('Offset no longer known');
    },
  );

  it('a cursor that the API issues and refuses: everything is read again once, then the run fails', async () => {
    const collection = await SkyflowCollection.start();
    // A recent one, whose offset differs each time that it is reached.
    collection.demo.addEvents(150);
    const { changeID } = collection.demo.truth()[399]!;
    collection.demo.manners.refused = changeID;
    const { type, message } = await collection.failure();
    expect(type).toBe('OFFSET_REFUSED_AGAIN');
    expect(message).toContain('reset the checkpoint');
    expect((await collection.notes()).filter((note) => note.startsWith('Offset no longer known'))).toHaveLength(1);
    await collection.expectStored(collection.demo.truth().slice(0, 400));
    collection.demo.manners.refused = undefined;
    await collection.collect();
    await collection.expectComplete();
  });
});
