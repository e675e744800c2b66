import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Dependencies } from '../../activities/dependencies.js';
import { type Activities, createActivities } from '../../activities/index.js';
import type { PageRef } from '../../activities/types.js';
import { TrawlError } from '../../src/errors.js';
import { HttpClient } from '../../src/http/client.js';
import { activityInputs } from '../../src/inputs/activities.js';
import { defineSettings } from '../../src/settings/definition.js';
import type { FetchedPage, PageContent, Source } from '../../src/sources/source.js';
import { DatabaseSync } from '../../src/sqlite-driver.js';
import { SqliteStore } from '../../src/stores/sqlite/store.js';
import type { Store } from '../../src/stores/store.js';
import { problemsOf } from '../../src/watch/health.js';
import { roundLimits } from '../../workflows/options.js';

// Whoever may use the namespace schedules the activities with inputs of their own: with them nothing may be skipped,
// redirected or forged, and no alarm may be silenced.

const columns = ['type', 'actor', 'user', 'client', 'gateway', 'group', 'project', 'hostname', 'server', 'fromAddr'];
const eventsMax = 3;

/** The user that an event names came with the page before. */
const userOf = ({ id }: { id: string }) => `u${Number(id) - (Number(id) % eventsMax) - eventsMax}`;

/** A source of the events 0, 1, 2 …, three to a page. */
function numbered(log: { events: number; forgets?: boolean }): Source {
  const source: Source = {
    kind: 'fake',
    settings: defineSettings({}),
    open: () => ({
      place: 'nowhere',
      async fetchPage(offset): Promise<FetchedPage> {
        const from = Number(offset || '0');
        if (log.forgets && offset !== '') throw new TrawlError('OFFSET_UNKNOWN', 'Not known.', { hint: 'Wait.' });
        const to = Math.min(from + eventsMax, log.events);
        const body = Buffer.from(JSON.stringify(Array.from({ length: to - from }, (_, index) => from + index)));
        const more = to - from === eventsMax;
        const page = { body, content: source.parse(body), more, pauseMs: 0, requests: 1 };
        return { ...page, nextOffset: more ? String(to) : offset };
      },
    }),
    parse(body): PageContent {
      const numbers = JSON.parse(Buffer.from(body).toString()) as number[];
      const name = `user of ${numbers[0]}`;
      return {
        events: numbers.map((number) => ({
          ...{ id: String(number), timestamp: '2026-01-01T00:00:00Z', timeNs: BigInt(number) },
          ...{ rawEvent: String(number), extra: null, details: {} },
        })),
        rejected: [],
        relatedObjects: [{ id: `u${numbers[0]}`, type: 'user', object: JSON.stringify({ name }) }],
        lookup: (id) => (id === `u${numbers[0]}` ? { name } : undefined),
        digest: `digest of ${numbers.join()}`,
      };
    },
    enrich: (event, lookup) => {
      const actor = String(lookup(userOf(event))?.name ?? '');
      return { ...Object.fromEntries(columns.map((name) => [name, ''])), actor } as never;
    },
  };
  return source;
}

interface Bed {
  store: Store;
  activities: Activities;
  log: { events: number; forgets?: boolean };
  folder: string;
  /** Commands that the server has for a run. */
  sent: Map<string, Awaited<ReturnType<NonNullable<Dependencies['commandsSentTo']>>>>;
  /** Executes SQL as another program does. */
  execute(sql: string): void;
  /** Runs an activity on behalf of a workflow with this id. */
  run<Name extends keyof Activities>(name: Name, input: object, workflowId?: string): ReturnType<Activities[Name]>;
}

function bed(events = 10): Bed {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-forged-'));
  const path = join(folder, 'trawl.db');
  const store = new SqliteStore(path);
  const http = new HttpClient();
  onTestFinished(async () => {
    await http.close();
    await store.close();
    rmSync(folder, { recursive: true });
  });
  const log = { events };
  const env = { FAKE_KEY: 'x' };
  const sent: Bed['sent'] = new Map();
  const commandsSentTo: Dependencies['commandsSentTo'] = async (collector, { workflowId, runId }) =>
    workflowId === `audit-collection-${collector}` ? (sent.get(`${workflowId}/${runId}`) ?? null) : [];
  const activities = createActivities({ store, sources: [numbered(log)], http, env, commandsSentTo });
  let activityId = 0;
  return {
    ...{ store, activities, log, folder, sent },
    execute: (sql) => {
      const db = new DatabaseSync(path);
      db.exec(sql);
      db.close();
    },
    run: ((name: keyof Activities, input: object, workflowId = 'audit-collection-fake') => {
      activityId += 1;
      const info = { workflowExecution: { workflowId, runId: 'run' }, activityId: String(activityId) };
      const environment = new MockActivityEnvironment(info, { logger: new DefaultLogger('ERROR', () => undefined) });
      const chosen = activities[name] as (input: object) => Promise<undefined>;
      return environment.run(chosen, { collector: 'fake', ...input });
    }) as Bed['run'],
  };
}

async function setUp(events?: number): Promise<Bed> {
  const made = bed(events);
  await made.store.setSettings('fake', { source: 'fake' }, []);
  return made;
}

const start = { offset: '', generation: 0 };
const fetching = { from: start, knownDigest: '', ...roundLimits };
const lines = async ({ store }: Bed) => (await store.executionLog({ limit: 100 })).map(({ notes }) => notes);
const stored = async ({ store }: Bed) =>
  (await store.events({ collector: 'fake', afterSeq: 0 }, 100)).map(({ id }) => id);

/** Collects everything, as a run does. */
async function collect(made: Bed): Promise<void> {
  for (;;) {
    const { offset, generation, digest } = await made.run('getLastCheckpoint', {});
    const round = await made.run('fetchPages', { ...fetching, from: { offset, generation }, knownDigest: digest });
    if (round.pages.length === 0) return;
    await made.run('enrichPages', { pages: round.pages });
    await made.run('writePages', { pages: round.pages });
    if (!round.more) return;
  }
}

describe('forged pages', () => {
  const forgeries: Partial<PageRef>[] = [
    { nextOffset: '9' },
    { offset: '3' },
    { generation: 1 },
    { more: false },
    { gap: { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' } },
    { warning: 'No new events' },
    { notCaughtUp: 'all is well' },
  ];

  it.each(forgeries)('are refused and skip nothing: %o', async (forgery) => {
    const made = await setUp();
    const { pages } = await made.run('fetchPages', { ...fetching, pagesMax: 1 });
    const forged = pages.map((ref) => ({ ...ref, ...forgery }));
    await made.run('enrichPages', { pages: forged });
    await expect(made.run('writePages', { pages: forged })).rejects.toMatchObject({
      type: 'INPUT_INVALID',
      nonRetryable: true,
      message: expect.stringMatching(
        new RegExp(`something else than the page that was read \\(${Object.keys(forgery)}\\)`),
      ),
    });
    expect(await lines(made)).toEqual([]);
    expect(await made.store.checkpoint('fake')).toMatchObject({ lastOffset: '', pages: 0 });
    // The page as it was read can still be written, by the run that read it.
    await made.run('writePages', { pages });
    await collect(made);
    expect(await stored(made)).toHaveLength(10);
  });

  it('that no source has read are read again', async () => {
    const made = await setUp();
    const page = { key: 'made-up', ...start, nextOffset: '9', more: false, events: 0, rejected: 0 };
    for (const name of ['enrichPages', 'writePages'] as const)
      await expect(made.run(name, { pages: [page] })).rejects.toMatchObject({ type: 'STAGED_PAGE_GONE' });
  });

  it('of a worker of an earlier version, which staged less, are read again', async () => {
    const made = await setUp();
    const { pages } = await made.run('fetchPages', fetching);
    made.execute('UPDATE staged_pages SET more = NULL');
    await expect(made.run('writePages', { pages })).rejects.toMatchObject({ type: 'STAGED_PAGE_GONE' });
    expect(await stored(made)).toEqual([]);
  });

  it('of another collector are neither enriched, nor written, nor removed', async () => {
    const made = await setUp();
    await made.store.setSettings('other', { source: 'fake' }, []);
    const { pages } = await made.run('fetchPages', { ...fetching, collector: 'other' });
    for (const name of ['enrichPages', 'writePages'] as const)
      await expect(made.run(name, { pages })).rejects.toMatchObject({ type: 'STAGED_PAGE_GONE' });
    // A page of the collector's own that is superseded, and then those of the other one.
    const { pages: own } = await made.run('fetchPages', { ...fetching, from: { offset: '3', generation: 0 } });
    expect(await made.run('writePages', { pages: [...own, ...pages] })).toMatchObject({ superseded: true });
    expect(await made.run('writePages', { collector: 'other', pages })).toMatchObject({ newEvents: 10 });
  });

  it('from further on are not written: the checkpoint is not there', async () => {
    const made = await setUp();
    const { pages } = await made.run('fetchPages', { ...fetching, from: { offset: '6', generation: 0 } });
    expect(await made.run('writePages', { pages })).toMatchObject({ superseded: true, newEvents: 0 });
    await collect(made);
    expect(await stored(made)).toHaveLength(10);
  });

  it('do not change the columns of others by being enriched in another order', async () => {
    const made = await setUp();
    const { pages } = await made.run('fetchPages', fetching);
    await made.run('enrichPages', { pages: pages.toReversed() });
    await made.run('enrichPages', { pages: pages.slice(1) });
    await made.run('writePages', { pages });
    const events = await made.store.events({ collector: 'fake', afterSeq: 0 }, 100);
    const users = ['', 'user of 0', 'user of 3', 'user of 6'].flatMap((user) => Array<string>(eventsMax).fill(user));
    expect(events.map(({ actor }) => actor)).toEqual(users.slice(0, 10));
  });

  it('do not leave the pages before them uncommitted to the disk', async () => {
    const made = await setUp();
    const { pages } = await made.run('fetchPages', { ...fetching, pagesMax: 1 });
    const { pages: elsewhere } = await made.run('fetchPages', { ...fetching, from: { offset: '6', generation: 0 } });
    await made.run('writePages', { pages: [...pages, ...elsewhere] });
    expect(await stored(made)).toEqual(['0', '1', '2']);
  });
});

describe('a run that found nothing', () => {
  const caughtUp = async ({ store }: Bed) => (await store.standings('fake'))[0]?.caughtUpAt ?? null;

  it('is not one because somebody says so', async () => {
    const made = await setUp();
    await made.run('writeExecutionLog', {});
    expect(await lines(made)).toEqual([]);
    expect(await caughtUp(made)).toBeNull();
    await collect(made);
    made.execute(
      `UPDATE audit_checkpoints SET caught_up_at = '2026-01-01T00:00:00.000Z', last_date_time = caught_up_at`,
    );
    const before = await lines(made);
    await made.run('writeExecutionLog', {});
    expect(await lines(made)).toEqual(before);
    expect(await caughtUp(made)).toBe('2026-01-01T00:00:00.000Z');
  });

  it('is one if its source has just answered with the page at the checkpoint, unchanged', async () => {
    const made = await setUp();
    await collect(made);
    const { offset, generation, digest } = await made.run('getLastCheckpoint', {});
    const input = { ...fetching, from: { offset, generation }, knownDigest: digest };
    expect(await made.run('fetchPages', input)).toMatchObject({ pages: [], more: false, noted: true });
    expect((await lines(made)).filter((line) => line === 'No new events')).toHaveLength(1);
    // Elsewhere, in another generation, or with a digest that is not the stored one.
    made.log.events = 9;
    for (const from of [
      { offset: '9', generation: 1 },
      { offset: '12', generation: 0 },
    ])
      await made.run('fetchPages', { ...input, from }).catch(() => undefined);
    made.log.events = 11;
    const forged = { ...input, knownDigest: 'digest of 9,10' };
    expect(await made.run('fetchPages', forged)).toMatchObject({ pages: [{ events: 2 }] });
    expect((await lines(made)).filter((line) => line === 'No new events')).toHaveLength(1);
    await collect(made);
    expect(await stored(made)).toHaveLength(11);
  });

  it('is none that a page claims that was read long ago, and kept', async () => {
    const made = await setUp();
    await collect(made);
    const { offset, generation } = await made.run('getLastCheckpoint', {});
    const { pages } = await made.run('fetchPages', { ...fetching, from: { offset, generation } });
    expect(pages).toMatchObject([{ more: false }]);
    made.log.events = 12;
    const hoursAgo = new Date(Date.now() - 2 * 3_600_000).toISOString();
    made.execute(`UPDATE staged_pages SET staged_at = '${hoursAgo}';
      UPDATE audit_checkpoints SET caught_up_at = '2026-01-01T00:00:00.000Z'`);
    for (const name of ['enrichPages', 'writePages'] as const)
      await expect(made.run(name, { pages })).rejects.toMatchObject({ type: 'STAGED_PAGE_GONE' });
    expect(await caughtUp(made)).toBe('2026-01-01T00:00:00.000Z');
    await collect(made);
    expect(await stored(made)).toHaveLength(12);
  });
});

describe('forged reading', () => {
  it('keeps no page for a reset that is still to come', async () => {
    const made = await setUp();
    await expect(made.run('fetchPages', { ...fetching, from: { offset: '', generation: 1 } })).rejects.toMatchObject({
      type: 'INPUT_INVALID',
      nonRetryable: true,
    });
    expect(await made.run('fetchPages', { ...fetching, emptyBefore: 1e9 })).toMatchObject({ requests: 4 });
  });

  it('does not rewind while the source knows the offset', async () => {
    const made = await setUp();
    await collect(made);
    const { lastOffset: offset, generation } = await made.store.checkpoint('fake');
    const before = await lines(made);
    await made.run('rewindCheckpoint', { from: { offset, generation } });
    expect(await made.store.checkpoint('fake')).toMatchObject({ lastOffset: offset, generation, refusedOffset: null });
    expect(await lines(made)).toEqual(before);
    made.log.forgets = true;
    await made.run('rewindCheckpoint', { from: { offset, generation } });
    expect(await made.store.checkpoint('fake')).toMatchObject({ lastOffset: '', generation: 1, refusedOffset: offset });
  });
});

describe('forged times', () => {
  const due = async ({ store }: Bed) => (await store.standings('fake'))[0]!.due;
  const day = 24 * 3_600_000;
  /** Problems when no run has finished for so long. */
  const problems = async ({ store }: Bed, ms: number) => {
    const [standing] = await store.standings('fake');
    const limits = { lateAfterRuns: 3, retentionDays: undefined };
    return problemsOf(standing!, limits, Date.now() + ms).map(({ code }) => code);
  };

  it.each([
    { cron: '@yearly' },
    { cron: '@every 1h' },
    { cron: '*/1 * * * *' },
    { scheduledAt: '2099-01-01T00:00:00Z' },
  ])('do not replace those that a command has set: %o', async (recurrence) => {
    const made = await setUp();
    await made.store.expectRuns('fake', { cron: '*/5 * * * *', tick: null });
    const before = await due(made);
    await made.run('getLastCheckpoint', { recurrence });
    expect(await due(made)).toEqual(before);
    await made.store.expectRuns('fake', { ...before!, cron: '@yearly', told: true });
    expect(await due(made)).toEqual(before);
  });

  it('silence the alarm for a few days at most, and say how to confirm them', async () => {
    const made = await setUp();
    await collect(made);
    for (const recurrence of [
      { scheduledAt: '2026-01-01T00:00:00Z' },
      { scheduledAt: '2526-01-01T00:00:00Z' },
      { cron: '@every 876000h' },
      { cron: '0 0 29 2 *' },
      { cron: '@yearly' },
    ]) {
      await made.run('getLastCheckpoint', { recurrence });
      expect(await problems(made, 2 * day)).toEqual([]);
      expect(await problems(made, 4 * day)).toEqual(['LATE']);
    }
    const [standing] = await made.store.standings('fake');
    const [late] = problemsOf(standing!, { lateAfterRuns: 3, retentionDays: undefined }, Date.now() + 4 * day);
    expect(late!.message).toContain('trawl start fake --cron');
    await made.store.expectRuns('fake', { cron: '@yearly', tick: null });
    expect(await problems(made, 4 * day)).toEqual([]);
  });

  it('do not begin the wait anew each time', async () => {
    const made = await setUp();
    await made.run('getLastCheckpoint', { recurrence: { cron: '@hourly' } });
    made.execute(`UPDATE audit_checkpoints SET due_since = '2026-01-01T00:00:00.000Z'`);
    await made.run('getLastCheckpoint', { recurrence: { cron: '@daily' } });
    expect(await due(made)).toEqual({ cron: '@daily', since: '2026-01-01T00:00:00.000Z', tick: null, told: true });
  });

  it('put nothing on the terminal', async () => {
    const made = await setUp();
    await made.run('getLastCheckpoint', { recurrence: { cron: '@hourly\u001b[2J\u202e' } });
    expect(await due(made)).toMatchObject({ cron: '' });
  });
});

describe('a forged offloading', () => {
  async function withSinks(): Promise<Bed> {
    const made = await setUp();
    await collect(made);
    for (const sink of ['own', 'other']) {
      mkdirSync(join(made.folder, sink));
      await made.store.setSettings(`sink:${sink}`, { kind: 'files', path: join(made.folder, sink) }, []);
    }
    await made.store.setSettings('fake', { offload: 'own' }, []);
    return made;
  }
  const offloading = { sink: 'own', series: '', since: null, until: null, now: true, durationMaxMs: 1_000 };

  it("sends nothing to a sink that is not the collector's, and leaves no trace of it", async () => {
    const made = await withSinks();
    for (const change of [{}, { series: 'again' }])
      await expect(made.run('offloadBatches', { ...offloading, sink: 'other', ...change })).rejects.toMatchObject({
        type: 'SETTINGS_INVALID',
        nonRetryable: true,
        message: expect.stringContaining('Collector fake is not offloaded to other (its sinks: own).'),
      });
    await expect(made.run('planOffload', { sinks: ['other'] })).rejects.toMatchObject({ type: 'SETTINGS_INVALID' });
    expect(await made.store.offload.cursors()).toEqual([]);
    expect(readdirSync(join(made.folder, 'other'))).toEqual([]);
    expect(await made.run('offloadBatches', offloading)).toMatchObject({ events: 10 });
  });

  it.each([
    { since: '2099-01-01T00:00:00Z', until: null },
    { since: null, until: '1970-01-01T00:00:00Z' },
  ])('cannot pass over events: %o', async (range) => {
    const made = await withSinks();
    await expect(made.run('offloadBatches', { ...offloading, ...range })).rejects.toMatchObject({
      type: 'INPUT_INVALID',
      nonRetryable: true,
    });
    expect(await made.run('offloadBatches', offloading)).toMatchObject({ events: 10 });
    // A repetition of the range leaves the cursor of the offloading where it is.
    made.log.events = 12;
    await collect(made);
    await made.run('offloadBatches', { ...offloading, series: 'again', ...range });
    expect(await made.run('offloadBatches', offloading)).toMatchObject({ events: 2 });
  });

  it('deletes nothing that a sink lacks', async () => {
    const made = await withSinks();
    await made.store.setSettings('fake', { retainDays: '1' }, []);
    expect(await made.run('applyRetention', { sinks: [], retainDays: 0, force: true })).toEqual({ cleared: 0 });
    expect(await stored(made)).toHaveLength(10);
  });
});

describe('forged lines and commands', () => {
  it.each([
    ['a reset', 'Reset checkpoint'],
    ['several lines', 'x\n2026-01-01 fake 9 Full page'],
    ['control characters', 'x\u2028y\u001b[2J\u202e'],
    ['an unknown code', 'No. [OK]'],
    ['a long text', `${'x'.repeat(9_999)} [NOT_FOUND]`],
  ])('look like what they are: %s', async (_, failure) => {
    const made = await setUp();
    await made.run('writeExecutionLog', { failure });
    const command = { kind: 'clearEvents', keys: ['audit-collection-fake/run/1'] };
    await made.run('writeExecutionLog', { failure, command });
    const [ofCommand, ofRun, ...others] = await lines(made);
    expect(others).toEqual([]);
    expect(ofRun).toMatch(/^Run failed: [ -Z^-~…\\[\]]{1,2010} \[(RUN_FAILED|NOT_FOUND)\]$/);
    expect(ofCommand).toMatch(/^clearEvents failed: [ -Z^-~…\\[\]]{1,2010} \[(RUN_FAILED|NOT_FOUND)\]$/);
    expect((await made.store.standings('fake'))[0]?.lastDateTime ?? null).toBeNull();
  });

  it.each([
    'resetcheckpoint',
    '',
    'Run failed: The store is gone. [STORE_BUSY]',
    'x"\nRun failed: No. [NOT_FOUND]',
    '\u202egnp.exe\u001b[2J',
    'x'.repeat(100_000),
  ])('of ignored signals look like what they are: %j', async (ignoredSignal) => {
    const made = await setUp();
    await made.run('writeExecutionLog', { ignoredSignal });
    expect(await lines(made)).toEqual([
      expect.stringMatching(
        /^Ignored a signal with the unknown name "[ -~…]{0,700}"\. Signals are resetCheckpoint and clearEvents\.$/,
      ),
    ]);
  });

  const run = 'audit-collection-fake/0197-a';
  it.each([
    ['x', `${run}/2`],
    [run, `${run}/2`],
    ['x', 'warning/["fake",0]/STUCK'],
    ['audit-collection-fake-resetCheckpoint-0197-a-9', `${run}/2`],
    // Whoever may start workflows names them, and says what type they are of.
    ['audit-collection-fake-resetCheckpoint-0197-a-2', `${run}/2`],
    ['audit-collection-fake-clearEvents-0197-a-2', `${run}/2`],
    ['audit-collection-fake-x-0197-a-2', `${run}/2`],
    ['audit-collection-fak', `${run}/2`],
  ])('do not use up the key of a command of another run: as %s', async (workflowId, key) => {
    const made = await setUp();
    await collect(made);
    // The run has got one command so far, and a clearing that spares what a sink lacks.
    made.sent.set(run, [
      { kind: 'resetCheckpoint', force: false, keys: [`${run}/1`] },
      { kind: 'clearEvents', force: false, keys: [`${run}/3`] },
    ]);
    const before = await lines(made);
    const command = { kind: 'clearEvents', keys: [key] };
    for (const [name, input] of [
      ['clearEvents', { keys: [key], force: true }],
      ['clearEvents', { keys: [`${run}/1`] }],
      ['clearEvents', { keys: [`${run}/3`], force: true }],
      ['resetCheckpoint', { keys: [key] }],
      ['resetCheckpoint', { keys: [`${run}/1`, key] }],
      ['writeExecutionLog', { failure: 'No.', command }],
      ['writeExecutionLog', { failure: 'No.', command: { kind: 'resetCheckpoint', keys: [`${run}/1`] } }],
    ] as const)
      await expect(made.run(name, input, workflowId), JSON.stringify([name, input])).rejects.toMatchObject({
        type: 'INPUT_INVALID',
        nonRetryable: true,
      });
    expect(await lines(made)).toEqual(before);
    expect(await made.run('clearEvents', { keys: [key], force: true }, 'audit-collection-fake').catch(() => '')).toBe(
      key.startsWith(run) ? null : '',
    );
  });

  it('do not use up the key of a command of another collector', async () => {
    const made = await setUp();
    await made.store.setSettings('other', { source: 'fake' }, []);
    made.sent.set(run, [{ kind: 'resetCheckpoint', force: false, keys: [`${run}/1`] }]);
    const given = { collector: 'other', keys: [`${run}/1`] };
    await expect(made.run('resetCheckpoint', given, 'x')).rejects.toMatchObject({ type: 'INPUT_INVALID' });
  });

  it.each(['the server has', 'the server no longer has'])(
    'of a run that was stopped, and that %s, are carried out by a workflow apart',
    async (which) => {
      const made = await setUp();
      const keys = [`${run}/1`, `${run}/2`];
      const sent = [{ kind: 'resetCheckpoint', force: false, keys: [...keys, `${run}/3`] }] as const;
      made.sent.set(run, which === 'the server has' ? sent : null);
      await made.run('resetCheckpoint', { keys }, 'audit-collection-fake-resetCheckpoint-0197-a-2');
      expect(await made.store.checkpoint('fake')).toMatchObject({ generation: 2 });
    },
  );

  it('become no more lines than a run can get signals', async () => {
    const made = await setUp();
    const keys = Array.from({ length: 20_001 }, (_, index) => `audit-collection-fake/run/${index + 1}`);
    await expect(made.run('resetCheckpoint', { keys })).rejects.toMatchObject({ type: 'INPUT_INVALID' });
    expect(await lines(made)).toEqual([]);
    expect(activityInputs.resetCheckpoint.safeParse({ collector: 'fake', keys: keys.slice(1) }).success).toBe(true);
  });
});
