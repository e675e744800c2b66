import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { OffloadProgress } from '../../workflows/messages.js';
import { until } from '../support/collection.js';
import { filesIn, folder, linesIn, offload, offloading, truthOf, withoutSeq } from '../support/offloading.js';
import { startS3 } from '../support/s3.js';

describe('offloading', () => {
  it('writes every event once into files by day, for each sink independently, and new events the next time', async () => {
    const [one, two] = [folder(), folder()];
    const collection = await offloading({
      archive: { kind: 'files', path: one, batchEvents: '700' },
      lake: { kind: 'files', path: two, format: 'parquet' },
    });
    await collection.collect();
    const progress = await offload(collection);
    expect(progress.sinks).toMatchObject({
      archive: { state: 'done', batches: 5, events: 3_000 },
      lake: { state: 'done', batches: 1, events: 3_000 },
    });
    expect(withoutSeq(linesIn(one))).toEqual(truthOf(collection));
    for (const name of filesIn(one))
      expect(name).toMatch(
        /^raw\/trawl_source=asa\/trawl_collector=asa\/dt=\d{4}-\d\d-\d\d\/\d{12}-\d{12}-\d{12}-[0-9a-f]{16}\.ndjson\.gz$/,
      );
    const db = await (await DuckDBInstance.create()).connect();
    const rows = await db.runAndReadAll(
      `SELECT id, raw_event FROM read_parquet('${two}/**/*.parquet', hive_partitioning = true)
       WHERE dt = CAST(time AT TIME ZONE 'UTC' AS DATE) ORDER BY seq`,
    );
    expect(rows.getRows()).toEqual([...collection.demo.truth()].map(({ id, details }) => [id, details]));

    collection.demo.addEvents(10);
    await collection.collect();
    expect((await offload(collection)).sinks.archive).toMatchObject({ batches: 1, events: 10 });
    expect(withoutSeq(linesIn(one))).toEqual(truthOf(collection));
    expect((await offload(collection)).sinks.archive).toMatchObject({ batches: 0, events: 0 });
  }, 120_000);

  it('begins after a run that leaves events, and not after others', async () => {
    const path = folder();
    const collection = await offloading({ archive: { kind: 'files', path } }, {}, { offloadWhen: 'after-run' });
    await collection.collect();
    await until('all of it has come', () => linesIn(path).length === 3_000);
    const runs = async () => {
      const query = `TaskQueue = '${collection.taskQueue}' AND WorkflowType = 'offloadEvents'`;
      return (await collection.client.workflow.count(query)).count;
    };
    await until('it is seen', async () => (await runs()) === 1);
    await until('it is done', async () => (await collection.store.offload.backlog('asa', ['archive'], 1)) === 0);
    await collection.collect();
    collection.demo.addEvents(5);
    await collection.collect();
    await until('those have come, too', () => linesIn(path).length === 3_005);
    expect(await runs()).toBe(2);
  }, 120_000);

  it('continues while a sink is down, fails at the end, and sends that sink the rest later', async () => {
    const [good, bad] = [folder(), folder()];
    const collection = await offloading({
      archive: { kind: 'files', path: good },
      lake: { kind: 'files', path: join(bad, 'file') },
    });
    execFileSync('touch', [join(bad, 'file')]);
    await collection.collect();
    await expect(offload(collection)).rejects.toThrow(
      expect.objectContaining({ cause: expect.objectContaining({ type: 'SINK_REFUSED' }) }),
    );
    expect(linesIn(good)).toHaveLength(3_000);
    expect(await collection.store.offload.cursors('asa')).toMatchObject([
      { sink: 'archive', lastSeq: 3_000, failure: null },
      { sink: 'lake', lastSeq: 0, failure: expect.stringContaining('[SINK_REFUSED]') },
    ]);
    rmSync(join(bad, 'file'));
    mkdirSync(join(bad, 'file'));
    await offload(collection);
    expect(withoutSeq(linesIn(bad))).toEqual(truthOf(collection));
    expect(await collection.store.offload.cursors('asa')).toMatchObject([{}, { sink: 'lake', failure: null }]);
  }, 120_000);

  it('clears due events that every sink has, and collects and offloads none a second time', async () => {
    const path = folder();
    const collection = await offloading({ archive: { kind: 'files', path } }, { events: 4_000 }, { retainDays: '20' });
    await collection.collect();
    const before = await collection.store.eventCount('asa');
    const { cleared } = await offload(collection);
    expect(cleared).toBeGreaterThan(2_000);
    expect(await collection.store.eventCount('asa')).toBe(before - cleared);
    await collection.store.resetCheckpoint('asa', ['again']);
    await collection.collect();
    collection.demo.addEvents(7);
    await collection.collect();
    expect((await offload(collection)).sinks.archive).toMatchObject({ events: 7 });
    expect(withoutSeq(linesIn(path))).toEqual(truthOf(collection));
  }, 120_000);

  it('sends each event once when two offload at once, as a Schedule of its own lets them', async () => {
    const received: number[] = [];
    const answers: (() => void)[] = [];
    let holds = true;
    const receiver = createServer(async (request, response) => {
      const body = Buffer.concat(await request.toArray()).toString();
      received.push(...(JSON.parse(body) as { events: { seq: number }[] }).events.map(({ seq }) => seq));
      if (holds) answers.push(() => response.end());
      else response.end();
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      receiver.closeAllConnections();
      receiver.close();
    });
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
    const collection = await offloading({ siem: { kind: 'webhook', url, batchEvents: '500' } });
    await collection.collect();
    const start = () => collection.start({ type: 'offloadEvents', input: { collector: 'asa' } });
    const first = await start();
    await until('the first sends', () => answers.length > 0);
    const asked = vi.spyOn(collection.store.offload, 'fixBatch');
    const second = await start();
    await until('the second wants to send', () => asked.mock.calls.length > 0);
    await Promise.all(asked.mock.results.map(({ value }) => value));
    holds = false;
    for (const answer of answers) answer();
    const events = (await Promise.all([first.result(), second.result()])).map(
      (progress) => (progress as OffloadProgress).sinks.siem!.events,
    );
    expect(events[0]! + events[1]!).toBe(3_000);
    expect(received.sort((a, b) => a - b)).toEqual(Array.from({ length: 3_000 }, (_, at) => at + 1));
  }, 120_000);

  it("refuses two sinks that would overwrite each other's files, and a missing folder", async () => {
    const path = folder();
    const collection = await offloading({
      archive: { kind: 'files', path },
      lake: { kind: 'files', path: `${path}/`, schema: 'ecs' },
    });
    await collection.collect();
    const refusal = (type: string) => expect.objectContaining({ cause: expect.objectContaining({ type }) });
    await expect(offload(collection)).rejects.toThrow(refusal('SETTINGS_INVALID'));
    expect(filesIn(path)).toEqual([]);
    await collection.store.setSettings('asa', { offload: 'lake' }, []);
    rmSync(path, { recursive: true });
    const handle = await collection.start({ type: 'offloadEvents', input: { collector: 'asa' } });
    await until('it is told', async () =>
      ((await collection.store.offload.cursors('asa')).at(-1)?.failure ?? '').includes('is not there'),
    );
    mkdirSync(path);
    await handle.result();
    expect(filesIn(path).length).toBeGreaterThan(0);
  }, 120_000);

  it('sends a range of time again, under names of its own', async () => {
    const path = folder();
    const collection = await offloading({ archive: { kind: 'files', path, batchEvents: '400' } });
    await collection.collect();
    await offload(collection);
    const stored = await collection.stored();
    const [since, until_] = [stored[1_000]!.timestamp, stored[2_000]!.timestamp];
    const wanted = stored.filter(({ timestamp }) => timestamp >= since && timestamp < until_).map(({ id }) => id);
    for (let times = 0; times < 2; times += 1) await offload(collection, { series: 'again', since, until: until_ });
    const again = filesIn(path).filter((name) => name.includes('/again-'));
    const ids = again.flatMap((name) =>
      gunzipSync(readFileSync(join(path, name)))
        .toString()
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).id as string),
    );
    expect(ids.sort()).toEqual(wanted.sort());
  }, 120_000);

  it('continues as new when its history grows long, and loses nothing', async () => {
    const path = folder();
    const collection = await offloading({ archive: { kind: 'files', path, batchEvents: '1' } }, { events: 40 });
    await collection.collect();
    const handle = await collection.start({
      type: 'offloadEvents',
      input: { collector: 'asa', historyEventsMax: 20, durationMaxMs: 1 },
    });
    const progress = (await handle.result()) as OffloadProgress;
    const { raw } = await collection.client.workflow.getHandle(handle.workflowId).describe();
    expect(raw.workflowExecutionInfo?.firstRunId).not.toBe(raw.workflowExecutionInfo?.execution?.runId);
    expect(progress.sinks.archive).toMatchObject({ state: 'done', batches: 40, events: 40 });
    expect(withoutSeq(linesIn(path))).toEqual(truthOf(collection));
  }, 120_000);

  it('puts objects into S3, even if the server dies in the middle, and reports faults of bucket and keys', async ({
    skip,
  }) => {
    const s3 = await startS3(['audit']);
    if (!s3) return skip('there is no versitygw, and no Go to build it');
    const { endpoint, accessKeyId, secretAccessKey } = s3;
    const rows = {
      kind: 's3',
      bucket: 'audit',
      prefix: 'trawl',
      endpoint,
      accessKeyId,
      secretAccessKeyEnv: 'TRAWL_SECRET_S3',
    };
    const collection = await offloading({ lake: { ...rows, batchEvents: '300' } }, { events: 6_000 });
    Object.assign(collection.env, { TRAWL_SECRET_S3: secretAccessKey, TRAWL_SECRET_HOSTS: endpoint });
    await collection.collect();
    const handle = await collection.start({ type: 'offloadEvents', input: { collector: 'asa' } });
    await until(
      'some of it is there',
      async () => ((await collection.store.offload.cursors('asa'))[0]?.batches ?? 0) > 3,
    );
    process.kill(s3.pid(), 'SIGKILL');
    await until('a step has failed for it', async () => {
      const { raw } = await handle.describe();
      return (
        raw.pendingActivities?.some(({ lastFailure }) => lastFailure?.message?.includes('s3://audit/trawl/')) ?? false
      );
    });
    await s3.start();
    await handle.result();
    const objects = join(s3.folder, 'audit', 'trawl');
    expect(withoutSeq(linesIn(objects))).toEqual(truthOf(collection));

    for (const [change, problem] of [
      [{ bucket: 'absent' }, 'does not exist'],
      [{ accessKeyId: 'somebody-else' }, 'does not know the access key'],
    ] as const) {
      await collection.store.setSettings('sink:lake', change, []);
      collection.demo.addEvents(1);
      await collection.collect();
      await expect(offload(collection)).rejects.toThrow(
        expect.objectContaining({
          cause: expect.objectContaining({ type: 'SINK_REFUSED', message: expect.stringContaining(problem) }),
        }),
      );
      await collection.store.setSettings('sink:lake', { bucket: 'audit', accessKeyId }, []);
    }
    await offload(collection);
    expect(withoutSeq(linesIn(objects))).toEqual(truthOf(collection));
  }, 180_000);
});
