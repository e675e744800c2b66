import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { root } from '../../scripts/setup.mjs';
import { metricDefinitions } from '../../src/metrics/definitions.js';
import { watchedCodes } from '../../src/watch/collectors.js';
import { promtool } from '../support/promtool.js';

const folder = join(root, 'deploy', 'prometheus');
const read = (...path: string[]) => readFileSync(join(root, ...path), 'utf8');

/** Trawl's metrics in a text, without what a histogram appends. */
function metricsIn(text: string): string[] {
  const names = text.match(/\btrawl_[a-z_]+\b/g) ?? [];
  return [...new Set(names.map((name) => name.replace(/_(bucket|sum|count)$/, '')))].sort();
}

describe('deploy/prometheus', () => {
  let program = '';
  beforeAll(() => {
    program = promtool();
  }, 650_000);

  it.each([
    ['check', 'rules', 'alerts.yml'],
    ['test', 'rules', 'alerts.test.yml'],
    ['check', 'config', 'prometheus.yml'],
  ])('promtool %s %s %s', (...args) => {
    expect(execFileSync(program, args, { cwd: folder, encoding: 'utf8' })).toContain('SUCCESS');
  });

  it('the alert of failed runs leaves out what has an alert of its own', () => {
    expect(read('deploy', 'prometheus', 'alerts.yml')).toContain(`{code!~"${watchedCodes.join('|')}"}`);
  });

  it('every alert is tested, and is in docs/metrics.md', () => {
    const alerts = parse(read('deploy', 'prometheus', 'alerts.yml')).groups[0].rules.map(
      (rule: { alert: string }) => rule.alert,
    );
    for (const alert of alerts) {
      expect(read('deploy', 'prometheus', 'alerts.test.yml')).toContain(alert);
      expect(read('docs', 'metrics.md')).toContain(`\`${alert}\``);
    }
  });
});

it.each([
  ['alerts', 'deploy/prometheus/alerts.yml'],
  ['alert tests', 'deploy/prometheus/alerts.test.yml'],
  ['dashboard', 'deploy/grafana/dashboards/trawl.json'],
])('the %s name existing metrics', (_, path) => {
  const known = new Set<string>(metricDefinitions.map(({ name }) => name));
  const used = metricsIn(read(path));
  expect(used.length).toBeGreaterThan(10);
  expect(used.filter((name) => !known.has(name))).toEqual([]);
});
