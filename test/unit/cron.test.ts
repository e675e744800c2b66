import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCron } from '../../src/watch/cron.js';
import { neverComes, requireCron, ticksOf } from '../../src/watch/ticks.js';

/** test/integration/cron.test.ts asks a Temporal server about random ones. */
describe('a cron is refused', () => {
  it.each([
    ['', 'five fields'],
    ['nonsense', 'five fields'],
    ['*/5 * * * * *', 'five fields'],
    ['0 0 * * * * 2027', 'five fields'],
    ['0 0 * * * # daily', 'five fields'],
    ['@reboot', 'five fields'],
    [' @hourly', 'five fields'],
    ['61 * * * *', 'the minute "61" is neither a number from 0 to 59 nor a range'],
    ['0 24 * * *', 'the hour "24"'],
    ['0 0 0 * *', 'the day of the month "0"'],
    ['0 0 1 13 *', 'the month "13"'],
    ['0 0 1 january *', 'the month "january"'],
    ['0 0 * * 7', 'the day of the week "7" is neither a number from 0 to 6'],
    ['0 0 L * *', 'the day of the month "L"'],
    ['9-5 * * * *', 'the minute "9-5"'],
    ['*/0 * * * *', 'the step of the minute "*/0"'],
    ['*/5/2 * * * *', 'more than one step'],
    ['@every 5', '"5" is not a duration'],
    ['@every 1d', '"1d" is not a duration'],
    ['@every 3000000h', '"3000000h" is not a duration'],
    ['TZ=Mars 0 4 * * *', 'the time zone "Mars" is unknown'],
  ])('as Temporal refuses it: %j', (cron, reason) => {
    expect(() => readCron(cron)).toThrow(reason);
    expect(() => requireCron(cron)).toThrow(reason);
  });

  it.each(['0 0 31 2 *', '0 0 30 feb *', '0 0 31 4,6,9,11 *', ', * * * *', '@every 50000h'])(
    'that never comes: %s',
    (cron) => {
      expect(() => requireCron(cron)).toThrow('no time in the next five years');
    },
  );

  it.each([
    ['0 0 13 * 5', 'one must match on cron, and both by a Schedule'],
    ['? * * * *', 'a Schedule does not know the minute "?"'],
    ['1,,2 * * * *', 'a part of the minute "1,,2" is empty'],
    ['0 0 * * 5/2', 'a Schedule adds Sunday'],
    ['@every 500ms', 'shorter than a second'],
    ['@every -5m', 'shorter than a second'],
  ])('that only one kind of recurrence reads so: %s', (cron, reason) => {
    expect(() => readCron(cron)).not.toThrow();
    expect(() => requireCron(cron)).toThrow(reason);
  });
});

it.each([
  '*/5 * * * *',
  '0 0 29 2 *',
  '0 0 * * */2',
  '0 0 * * 0,1/2',
  '0 0 */1 * 5',
  '0 9 * JAN-Mar mon-FRI',
  '+5,07 * * * *',
  '@midnight',
  '@every 1h30m',
  '@every 1.5s',
  'TZ=UTC @hourly',
  'CRON_TZ=Europe/Vienna   0 4 * * * ',
])('a cron is accepted that both kinds of recurrence read alike: %j', (cron) => {
  expect(() => requireCron(cron)).not.toThrow();
  expect(neverComes(cron, Date.now())).toBe(false);
});

describe('the runs of a cron', () => {
  const runs = (cron: string, from: string, direction: 'after' | 'before', count: number) => {
    const found: string[] = [];
    for (const tick of ticksOf(readCron(cron), Date.parse(from), direction))
      if (found.push(new Date(tick).toISOString().slice(0, 16)) === count) break;
    return found;
  };

  it('leave out a time that the clocks skip', () => {
    expect(runs('TZ=Europe/Vienna 30 2 * * *', '2026-03-28T12:00:00Z', 'after', 2)).toEqual([
      '2026-03-30T00:30',
      '2026-03-31T00:30',
    ]);
  });

  it('come twice at a time that the clocks repeat', () => {
    const twice = ['2026-10-25T00:30', '2026-10-25T01:30'];
    expect(runs('TZ=Europe/Vienna 30 2 * * *', '2026-10-24T12:00:00Z', 'after', 2)).toEqual(twice);
    expect(runs('TZ=Europe/Vienna 30 2 * * *', '2026-10-25T12:00:00Z', 'before', 2)).toEqual(twice.toReversed());
  });

  it('end where no more are to come', () => {
    expect(runs('0 0 31 2 *', '2026-03-28T12:00:00Z', 'after', 1)).toEqual([]);
    expect(runs('0 0 31 2 *', '2026-03-28T12:00:00Z', 'before', 1)).toEqual([]);
  });

  it('are the same backwards', () => {
    const field = (min: number, max: number) =>
      fc.oneof(fc.constantFrom('*', '*/7'), fc.integer({ min, max }).map(String));
    const cron = fc.tuple(
      fc.constantFrom('', 'TZ=Europe/Vienna ', 'TZ=Australia/Adelaide ', 'TZ=America/Havana '),
      fc.tuple(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 6)),
    );
    fc.assert(
      fc.property(
        cron,
        fc.date({ min: new Date('2026-01-01'), max: new Date('2030-01-01'), noInvalidDate: true }),
        ([zone, fields], from) => {
          const text = zone + fields.join(' ');
          const forth = runs(text, from.toISOString(), 'after', 5);
          const last = new Date(`${forth.at(-1)}Z`);
          expect(runs(text, new Date(last.getTime() + 1).toISOString(), 'before', forth.length)).toEqual(
            forth.toReversed(),
          );
        },
      ),
    );
  });
});
