import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../scripts/setup.mjs';

const script = join(root, 'scripts', 'plan.mjs');
const plan = (...args: string[]) =>
  JSON.parse(execFileSync(process.execPath, [script, '--json', ...args], { encoding: 'utf8' }));

describe('scripts/plan.mjs', () => {
  it('multiplies the cost of a run and of an event', () => {
    const one = plan('--collectors', '300', '--interval', '5', '--events-per-day', '100');
    const twice = plan('--collectors', '600', '--interval', '5', '--events-per-day', '100');
    expect(one.runsPerSecond).toBeCloseTo(1);
    // Two of the Schedule, one of the run, and three activities.
    expect(one.actionsPerMonth).toBeCloseTo(86_400 * 30 * 6);
    for (const name of ['runsPerSecond', 'actionsPerMonth', 'workerCores', 'postgresCores', 'storeBytes'])
      expect(twice[name] / one[name]).toBeCloseTo(2);
  });

  it('names the part that reaches its limit first', () => {
    expect(plan('--collectors', '10000', '--interval', '5').parts[0].part).toContain('embedded Temporal server');
    expect(plan('--collectors', '5', '--source', 'descope', '--interval', '0.1').parts[0].part).toContain('descope');
  });

  it('prints a plan for people, and says what is invalid', () => {
    const { stdout } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
    expect(stdout).toContain('Reaches its limit first: ');
    expect(spawnSync(process.execPath, [script, '--collectors', 'many'], { encoding: 'utf8' })).toMatchObject({
      status: 2,
      stderr: 'error: --collectors must be a number above 0\n',
    });
  });
});
