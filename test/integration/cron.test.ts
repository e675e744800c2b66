import { randomUUID } from 'node:crypto';
import { type Client, ScheduleOverlapPolicy, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import fc from 'fast-check';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { epochMsOf } from '../../src/temporal/times.js';
import { type Cron, differsOnSchedule, readCron } from '../../src/watch/cron.js';
import { neverComes, requireCron, ticksOf } from '../../src/watch/ticks.js';
import { clientOf, makeNamespace } from '../support/namespace.js';

/** Each costs a few calls to the server. */
const numRuns = 150;

let namespace = '';
beforeAll(async () => {
  namespace = await makeNamespace();
});

const odd = fc.constantFrom(
  '',
  '*',
  '?',
  '+5',
  '007',
  '-1',
  'x',
  'mo',
  'monday',
  'Tue',
  'sat',
  'MAR',
  'L',
  '5#2',
  '1W',
);

function field(min: number, max: number, names: readonly string[] = []): fc.Arbitrary<string> {
  const value = fc.oneof(
    { arbitrary: fc.integer({ min, max }).map(String), weight: 12 },
    { arbitrary: fc.constantFrom(String(max + 1), String(min - 1), ...names), weight: 2 },
    { arbitrary: odd, weight: 1 },
  );
  const range = fc.oneof(
    { arbitrary: fc.constant('*'), weight: 6 },
    { arbitrary: value, weight: 4 },
    { arbitrary: fc.tuple(value, value).map(([low, high]) => `${low}-${high}`), weight: 2 },
  );
  const step = fc.constantFrom('', '', '', '/1', '/2', '/3', '/5', '/0', '/100', '/x', '/2/3');
  const part = fc.tuple(range, step).map(([one, every]) => one + every);
  return fc.oneof(
    { arbitrary: fc.constant('*'), weight: 3 },
    { arbitrary: part, weight: 3 },
    { arbitrary: fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(',')), weight: 1 },
  );
}

const fields = fc
  .tuple(
    field(0, 59),
    field(0, 23),
    field(1, 31),
    field(1, 12, ['jan', 'Feb', 'DEC', 'sept']),
    field(0, 6, ['sun', 'Fri', 'SAT', 'thurs']),
  )
  .chain((five) =>
    fc.oneof(
      { arbitrary: fc.constant(five), weight: 12 },
      {
        arbitrary: fc.constantFrom(five.slice(1), [...five, '*'], [...five, '*', '*'], [...five, '# daily']),
        weight: 1,
      },
    ),
  )
  .map((all) => all.join(' '));
const descriptor = fc.constantFrom(
  '@hourly',
  '@daily',
  '@midnight',
  '@weekly',
  '@monthly',
  '@yearly',
  '@Hourly',
  '@reboot',
);
const duration = fc
  .array(
    fc.tuple(
      fc.constantFrom('1', '1.5', '0', '90', '.5', '5.', '-3', ''),
      fc.constantFrom('h', 'm', 's', 'ms', 'µs', 'd', ''),
    ),
    {
      minLength: 1,
      maxLength: 3,
    },
  )
  .map((parts) => `@every ${parts.flat().join('')}`);
const zone = fc.constantFrom('UTC', '', 'Europe/Vienna', 'America/New_York', 'Asia/Kolkata', 'Nowhere', '+01:00');
const prefix = fc.oneof(
  { arbitrary: fc.constantFrom('', '', '', '', ' '), weight: 3 },
  {
    arbitrary: fc.tuple(fc.constantFrom('TZ=', 'CRON_TZ=', 'tz='), zone).map((both) => `${both.join('')} `),
    weight: 1,
  },
);
const expression = fc.oneof(
  { arbitrary: fields, weight: 8 },
  { arbitrary: descriptor, weight: 1 },
  { arbitrary: duration, weight: 2 },
  { arbitrary: fc.string({ minLength: 1 }), weight: 1 },
);
const cronText = fc.tuple(prefix, expression).map((both) => both.join(''));

function readingOf(text: string): Cron | null {
  try {
    return readCron(text);
  } catch {
    return null;
  }
}

function first(count: number, cron: Cron, after: number): number[] {
  const ticks: number[] = [];
  for (const tick of count > 0 ? ticksOf(cron, after, 'after') : []) if (ticks.push(tick) === count) break;
  return ticks;
}

/** When a Schedule runs next, and whether it counts Sunday in; null if the server refuses the cron. */
async function onSchedule(client: Client, cron: string, startAt: Date) {
  const id = randomUUID();
  const created = await client.schedule
    .create({
      scheduleId: id,
      spec: { cronExpressions: [cron], startAt },
      action: { type: 'startWorkflow', workflowType: 'none', workflowId: id, taskQueue: id },
      policies: { overlap: ScheduleOverlapPolicy.SKIP },
    })
    .catch((error: unknown) => {
      if (error instanceof TypeError) return null;
      throw error;
    });
  if (!created) return null;
  const { info, spec } = await created.describe();
  await created.delete();
  return {
    runs: info.nextActionTimes.map((time) => time.getTime()),
    hasSunday: spec.calendars?.[0]?.dayOfWeek?.some(({ start }) => start === 'SUNDAY') === true,
  };
}

it('a workflow on cron takes exactly the crons that are read here, and begins when it is expected', async () => {
  const client = await clientOf(namespace);
  const start = (cronSchedule: string, workflowId: string = randomUUID()) =>
    client.workflow.start('none', { workflowId, taskQueue: 'none', cronSchedule });
  const holder = await start('0 0 1 1 *');
  onTestFinished(async () => void (await holder.terminate()));
  // The server judges the cron before it finds the id in use: that is how a collection is changed (src/temporal/cron.ts).
  const isTaken = (cron: string) =>
    start(cron, holder.workflowId).then(
      () => Promise.reject(new Error('a second one was started')),
      (error: unknown) => error instanceof WorkflowExecutionAlreadyStartedError,
    );
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(cronText, async (text) => {
      const cron = readingOf(text);
      const expected = cron !== null && !neverComes(text, Date.now());
      expect({ text, taken: await isTaken(text) }).toEqual({ text, taken: expected });
      if (!expected) return;
      taken += 1;
      const handle = await start(text);
      const info = (await handle.describe()).raw.workflowExecutionInfo!;
      await handle.terminate();
      const [due] = first(1, cron, epochMsOf(info.startTime));
      // The server rounds up to a second.
      expect(Math.abs(epochMsOf(info.executionTime) - due!)).toBeLessThanOrEqual(1_000);
    }),
    { numRuns },
  );
  expect(taken).toBeGreaterThan(numRuns / 10);
}, 180_000);

it('a Schedule takes every cron that is accepted here, and runs at the same times, also when the clocks change', async () => {
  const client = await clientOf(namespace);
  // Around the changes of the clocks in Europe and America.
  const days = [Date.UTC(2027, 2, 14), Date.UTC(2027, 2, 28), Date.UTC(2027, 9, 31), Date.UTC(2027, 10, 7)];
  const when = fc
    .tuple(fc.constantFrom(...days), fc.integer({ min: -36, max: 36 }), fc.integer({ min: 0, max: 3_599 }))
    .map(([day, hours, seconds]) => new Date(day + hours * 3_600_000 + seconds * 1_000));
  let same = 0;
  await fc.assert(
    fc.asyncProperty(cronText, when, async (text, startAt) => {
      const cron = readingOf(text);
      if (cron === null || neverComes(text, Date.now())) return;
      const found = await onSchedule(client, text, startAt);
      const differs = differsOnSchedule(cron);
      if (differs !== null) {
        expect(() => requireCron(text)).toThrow(differs);
        // It must be true.
        if ('everyMs' in cron || /Sunday/.test(differs) === false)
          expect(/must match/.test(differs) || !found).toBe(true);
        else expect(found?.hasSunday && !cron.weekday.values.includes(0)).toBe(true);
        return;
      }
      const { runs } = found!;
      same += 1;
      requireCron(text);
      // Intervals are counted from 1970, and from the start of a workflow on cron.
      const [from = 0] = 'everyMs' in cron ? runs : [startAt.getTime() - 1];
      const following = 'everyMs' in cron ? runs.slice(1) : runs;
      expect({ text, startAt, runs: following }).toEqual({ text, startAt, runs: first(following.length, cron, from) });
      expect(runs.length).toBeGreaterThan(0);
    }),
    { numRuns: 2 * numRuns },
  );
  expect(same).toBeGreaterThan(numRuns / 10);
}, 180_000);
