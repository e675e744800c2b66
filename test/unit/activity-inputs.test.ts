import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ApplicationFailure } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Dependencies } from '../../activities/dependencies.js';
import { createActivities } from '../../activities/index.js';
import { type ActivityInput, type ActivityName, activityInputs } from '../../src/inputs/activities.js';
import { sources } from '../../src/sources/registry.js';
import { storePlace } from '../../src/stores/place.js';
import { openStore } from '../../src/stores/registry.js';
import { roundLimits } from '../../workflows/options.js';
import { event, page } from '../conformance/pages.js';

const from = { offset: '?offset=a%2Fb', generation: 3 };
const gap = { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' };
const ref = { key: '5-0a', offset: '', nextOffset: 'x', more: true, generation: 0, events: 9, rejected: 0 };

/** Inputs as workflows send them: the first with only the required members, the others with all members. */
const sent: { [Name in ActivityName]: ActivityInput<Name>[] } = {
  getLastCheckpoint: [
    { collector: 'asa' },
    { collector: 'asa', recurrence: { cron: 'CRON_TZ=Europe/Berlin */5 * * * *' } },
    { collector: 'asa', recurrence: { scheduledAt: '2026-03-01T00:05:00.000Z' } },
  ],
  planOffload: [{ collector: 'a.b_c-9' }, { collector: 'asa', sinks: ['archive', 'siem-2'] }],
  offloadBatches: [
    { collector: 'asa', sink: 'siem', series: '', since: null, until: null, now: false, durationMaxMs: 10_000 },
    { collector: 'asa', sink: 'siem', series: 'january', since: gap.from, until: gap.to, now: true, durationMaxMs: 1 },
  ],
  applyRetention: [{ collector: 'asa' }],
  fetchPages: [{ collector: 'asa', from, knownDigest: '', ...roundLimits }],
  enrichPages: [
    { collector: 'asa', pages: [ref] },
    { collector: 'asa', pages: [ref, { ...ref, gap, warning: 'told' }] },
  ],
  writePages: [
    { collector: 'asa', pages: [ref] },
    { collector: 'asa', pages: [ref, { ...ref, gap, warning: 'told' }] },
  ],
  writeExecutionLog: [
    { collector: 'asa', failure: 'No. [NOT_FOUND]' },
    { collector: 'asa', failure: 'No. [NOT_FOUND]', command: { kind: 'clearEvents', keys: ['audit/run/1'] } },
    { collector: 'asa', ignoredSignal: 'resetcheckpoint' },
  ],
  resetCheckpoint: [{ collector: 'asa', keys: ['audit/run/1', 'audit/run/2'] }],
  clearEvents: [
    { collector: 'asa', keys: ['audit/run'] },
    { collector: 'asa', keys: ['audit/run'], force: true },
  ],
  rewindCheckpoint: [{ collector: 'asa', from }],
  setEnvironmentVariables: [{ collector: 'asa', variables: { searchCount: '500' } }],
};

const untouched = new Proxy(
  {},
  {
    get: () => {
      throw new Error('past the look at the input');
    },
  },
);
const activities = createActivities({ store: untouched, sources, http: untouched, env: {} } as unknown as Dependencies);
const names = Object.keys(activities) as ActivityName[];

const workflowExecution = { workflowId: 'audit', runId: 'run' };
const environment = () =>
  new MockActivityEnvironment({ workflowExecution }, { logger: new DefaultLogger('ERROR', () => undefined) });

/** The failure of an activity that is executed directly. */
async function failureOf(name: ActivityName, input: unknown, of = activities): Promise<ApplicationFailure> {
  const run = of[name] as (input: unknown) => Promise<unknown>;
  return (await environment().run(() =>
    run(input).then(
      () => expect.fail('it came back'),
      (error: unknown) => error,
    ),
  )) as unknown as ApplicationFailure;
}

const refused = { type: 'INPUT_INVALID', nonRetryable: true };
const hostileNames = [
  ...[
    '../..',
    '../../x',
    '..',
    '.',
    '/',
    '/etc',
    'a/b',
    'a\\b',
    '..\\..',
    'a\u0000',
    'a\n',
    'a b',
    '-\u2028',
    '%2e%2e%2f',
  ],
  ...['.hidden', '{collector}', '$(id)', 'A', 'ä', '__proto__', 'x'.repeat(64), 'a=b', 'a:b', '../../x\u0000.ndjson'],
];

/** Copies of an input in which one member, at any depth, is changed. */
function* withEach(input: unknown, change: (key: string) => unknown[]): Generator<unknown> {
  if (typeof input !== 'object' || input === null) return;
  for (const [key, value] of Object.entries(input)) {
    const replaced = (other: unknown) =>
      Array.isArray(input) ? input.with(Number(key), other) : { ...input, [key]: other };
    for (const other of change(key)) yield replaced(other);
    for (const other of withEach(value, change)) yield replaced(other);
  }
}

describe.each(names)('the activity %s', (name) => {
  it('accepts what workflows send', async () => {
    expect(sent[name].length).toBeGreaterThan(0);
    for (const input of sent[name]) {
      expect(activityInputs[name].parse(input)).toEqual(input);
      expect((await failureOf(name, input)).message).toContain('past the look at the input');
    }
  });

  it('ignores an unknown member, which a newer workflow may send', () => {
    for (const input of sent[name]) expect(activityInputs[name].parse({ ...input, newer: 1 })).toEqual(input);
  });

  it.each([undefined, null, true, 7, 'asa', [], {}, { collector: null }, [{ collector: 'asa' }]])(
    'refuses %o without retrying, with a clear message',
    async (input) => {
      const failure = await failureOf(name, input);
      expect(failure).toMatchObject(refused);
      expect(failure.message).toMatch(new RegExp(`^The input of the activity ${name} does not fit \\(.+\\)\\. .+\\.$`));
    },
  );

  it('refuses names that could lead elsewhere', async () => {
    for (const input of sent[name]) {
      const hostile = withEach(input, (key) => {
        if (/^(collector|sink|series)$/.test(key)) return hostileNames;
        return key === 'sinks' ? hostileNames.map((other) => ['archive', other]) : [];
      });
      for (const other of hostile) expect(await failureOf(name, other), JSON.stringify(other)).toMatchObject(refused);
    }
  });

  it('refuses a member of another type at any depth, and a missing member', async () => {
    const wrong = sent[name].flatMap((input) => [...withEach(input, () => [{ wrong: 1 }, -1.5, Number.NaN])]);
    const lacking = [...withEach(sent[name][0], () => [undefined])];
    for (const other of [...wrong, ...lacking])
      expect(await failureOf(name, other), JSON.stringify(other)).toMatchObject(refused);
  });

  it('does not quote what it refuses', async () => {
    const { message } = await failureOf(name, { collector: 'hunter2/', sink: 'hunter2/', keys: { a: 'hunter2' } });
    expect(message).not.toContain('hunter2');
  });
});

describe('inputs in recorded histories', () => {
  const folder = join(dirname(fileURLToPath(import.meta.url)), '../replay/histories');

  it.each(readdirSync(folder))('are accepted: %s', (file) => {
    const { events } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { events: RecordedEvent[] };
    for (const { activityTaskScheduledEventAttributes: scheduled } of events) {
      if (!scheduled) continue;
      const [payload] = scheduled.input.payloads;
      const input = JSON.parse(Buffer.from(payload!.data, 'base64').toString('utf8')) as unknown;
      expect(activityInputs[scheduled.activityType.name].parse(input)).toEqual(input);
    }
  });

  interface RecordedEvent {
    activityTaskScheduledEventAttributes?: {
      activityType: { name: ActivityName };
      input: { payloads: { data: string }[] };
    };
  }
});

describe('a batch for a folder', () => {
  it('stays in the folder, whatever input the activity gets', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'trawl-names-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const path = join(folder, 'deep', 'archive');
    mkdirSync(path, { recursive: true });
    const store = await openStore(storePlace(`sqlite:${join(folder, 'trawl.db')}`, '/', 1)!, 'write');
    onTestFinished(() => store.close());
    await store.writePage(page([event('e1'), event('e2')], { nextOffset: 'next' }));
    await store.setSettings('asa', { source: 'asa', asaTeam: 't', asaKeyId: 'k', offload: 'archive' }, []);
    const env = {
      SINK_ARCHIVE_KIND: 'files',
      SINK_ARCHIVE_PATH: path,
      SINK_ARCHIVE_COMPRESSION: 'none',
      ASA_KEY_SECRET: 's',
    };
    const own = createActivities({ store, sources, http: untouched, env } as unknown as Dependencies);
    const input = sent.offloadBatches[0]!;
    const before = readdirSync(folder, { recursive: true }).sort();
    for (const series of ['../../x', '../../../../../x', '/x', 'a/../../../../../x'])
      expect(await failureOf('offloadBatches', { ...input, sink: 'archive', series }, own)).toMatchObject(refused);
    expect(readdirSync(folder, { recursive: true }).sort()).toEqual(before);
    const done = await environment().run(own.offloadBatches, {
      ...input,
      sink: 'archive',
      series: 'x',
    });
    expect(done).toMatchObject({ batches: 1, events: 2 });
    expect(existsSync(join(path, 'raw'))).toBe(true);
  });
});
