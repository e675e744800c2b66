import { describe, expect, it } from 'vitest';
import { limits } from '../../src/cli/plan/sizing.js';
import { sourceKinds } from '../../src/sources/kinds.js';
import { called } from './support/called.js';

async function plan(...args: string[]) {
  const { code, stdout } = await called('plan', '--json', ...args);
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

describe('trawl plan', () => {
  it('multiplies the cost of a run and of an event', async () => {
    const one = await plan('--collectors', '300', '--interval', '5', '--events-per-day', '100');
    const twice = await plan('--collectors', '600', '--interval', '5', '--events-per-day', '100');
    expect(one.runsPerSecond).toBeCloseTo(1);
    // Two of the Schedule, one of the run, and three activities.
    expect(one.actionsPerMonth).toBeCloseTo(86_400 * 30 * 6);
    for (const name of ['runsPerSecond', 'actionsPerMonth', 'workerCores', 'postgresCores', 'storeBytes'])
      expect(twice[name] / one[name]).toBeCloseTo(2);
  });

  it('names the part that reaches its limit first', async () => {
    expect((await plan('--collectors', '10000', '--interval', '5')).parts[0].part).toContain(
      'embedded Temporal server',
    );
    expect((await plan('--collectors', '5', '--source', 'descope', '--interval', '0.1')).parts[0].part).toContain(
      'descope',
    );
  });

  it('prints a plan for people, and says what is invalid', async () => {
    expect((await called('plan')).stdout).toContain('Reaches its limit first: ');
    const one = await called(
      'plan',
      '--collectors',
      '1',
      '--interval',
      '1',
      '--events-per-day',
      '1',
      '--retain-days',
      '1',
    );
    expect(one.stdout).toContain('1 collector of asa, every 1 minute, 1 event a day each:');
    expect(await called('plan', '--collectors', 'many')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('Use a number above 0'),
    });
  });

  it('knows the limits of every source', () => {
    expect(Object.keys(limits)).toEqual(sourceKinds.map(({ kind }) => kind));
  });
});
