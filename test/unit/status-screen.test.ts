import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../scripts/setup.mjs';
import { wrapped } from '../../src/cli/output.js';
import { screenOf, tablesOf } from '../../src/cli/status/screen.js';
import { redrawn } from '../../src/cli/status/terminal.js';
import { ago, hour, type Known, minute, now, reportOf, running, sink, statusOf, waiting } from './support/status.js';

it('the docs name each member of the JSON', () => {
  const documented = readFileSync(join(root, 'docs', 'monitoring.md'), 'utf8');
  for (const member of [reportOf(), statusOf(), sink].flatMap(Object.keys))
    expect(documented).toContain(`\`${member}\``);
});

describe('the table', () => {
  const long = statusOf({
    name: `${'acme-production-'.repeat(3)}eu`,
    state: { ...waiting, failure: { message: 'x', code: null, atMs: now } },
  });
  const behind = statusOf({
    name: 'globex',
    state: { ...waiting, cron: 'CRON_TZ=America/Argentina/Buenos_Aires 0 4 * * 1-5' },
    collected: { caughtUpAt: null, caughtUp: false, behindSince: ago(30 * hour), lagSeconds: 30 * 3_600 },
  });
  const sinks = statusOf({
    name: 'initech',
    collected: { sinks: [sink, { ...sink, sink: 'a-splunk-of-the-soc-in-emea' }] },
  });
  const report = reportOf([long, behind, sinks]);
  const widest = (text: string) => Math.max(...text.split('\n').map((line) => line.length));

  it.each([200, 120, 100, 80, 60, 40])('fits into %i columns with all collectors', (columns) => {
    const text = tablesOf(report, columns);
    expect(widest(text)).toBeLessThanOrEqual(columns);
    expect(text).toMatch(/^acme-/m);
    expect(text).toMatch(/^globex +waiting +- +1d/m);
    expect(text).toMatch(/^initech +(archive|a-splunk)/m);
    expect(text.match(/BEHIND/g)).toHaveLength(1);
    if (columns >= 80) expect(text).toMatch(/^COLLECTOR .*STATE .*LAST SUCCESS .*BEHIND .*EVENTS/);
  });

  it('shows everything on a usual screen if names have a usual length', () => {
    expect(tablesOf(reportOf([statusOf({ name: 'acme-prod' })]), 120)).toBe(
      [
        'COLLECTOR  STATE    LAST SUCCESS  BEHIND  NEXT RUN  BY                EVENTS     REJECTED  NEWEST EVENT',
        'acme-prod  waiting  2m ago        0       in 3m     cron */5 * * * *  1,234,567  0         2m ago',
        '',
      ].join('\n'),
    );
    expect(tablesOf(reportOf(), 80)).toContain('1,234,567');
  });

  it('truncates nothing if a program reads it', () => {
    expect(tablesOf(report)).toContain(long.collector);
  });

  it('shows what is under way', () => {
    const shown = (known: Known) =>
      tablesOf(reportOf([statusOf(known)]))
        .split('\n')[1]!
        .split(/ {2,}/)[1];
    const run = { startedMs: now - minute, trouble: null };
    expect(shown({ state: running, run })).toBe('running');
    expect(shown({ state: null, run })).toBe('stopped, collecting');
    expect(shown({ state: running, run, worker: 'none' })).toBe('no worker');
    expect(shown({ state: running, run: { ...run, startedMs: now - hour }, collected: { lastRun: null } })).toBe(
      'running, stuck',
    );
    expect(shown({ state: { ...waiting, failure: { message: 'x', code: null, atMs: now } } })).toBe('waiting, failing');
  });

  it('shows how far it is behind: caught up, a time, never read, unknown', () => {
    const shown = (known: Known) =>
      tablesOf(reportOf([statusOf(known)]))
        .split('\n')[1]!
        .split(/ {2,}/)[3];
    expect(shown({})).toBe('0');
    expect(shown({ collected: { caughtUp: false, lagSeconds: 90 } })).toBe('1m');
    expect(shown({ collected: { events: 0, caughtUp: false, lagSeconds: null } })).toBe('nothing yet');
    expect(shown({ stored: undefined })).toBe('unknown');
  });
});

it('problems are on the screen however many collectors there are', () => {
  const failing = { ...waiting, failure: { message: 'The key was revoked.', code: 'CREDENTIALS_REFUSED', atMs: now } };
  const many = Array.from({ length: 60 }, (_, index) =>
    statusOf({ name: `c${index}`, ...(index === 50 ? { state: failing } : {}) }),
  );
  const terminal = { columns: 80, rows: 24 };
  const crowded = screenOf(reportOf(many), 3_000, terminal);
  expect(crowded.split('\n').length).toBeLessThanOrEqual(24);
  expect(crowded).toContain('c50: The last run failed: The key was revoked. [CREDENTIALS_REFUSED]');
  expect(crowded).toMatch(/… \d+ more lines/);
  const few = screenOf(reportOf(many.slice(48, 52)), 3_000, terminal);
  expect(few.indexOf('COLLECTOR')).toBeLessThan(few.indexOf('[CREDENTIALS_REFUSED]'));
  expect(few).toMatch(/^\u001b\[Hevery 3s, Ctrl-C ends it {3}2026-03-02T10:00:00/);
});

describe('a line on a terminal', () => {
  it.each([80, 40, 20, 3, 1])('is wrapped at %i columns and loses nothing', (columns) => {
    const line = `asa: The last run failed: ${'word '.repeat(20)}and ${'x'.repeat(90)} at the end. [RUN_FAILED]`;
    const text = wrapped(line, columns);
    expect(Math.max(...text.split('\n').map((part) => part.length))).toBeLessThanOrEqual(columns);
    expect(text.replace(/\s/g, '')).toBe(line.replace(/\s/g, ''));
  });

  it('is drawn over the last screen, and lines that do not fit are counted', () => {
    expect(redrawn('a\nbb\nc\nd\n', { columns: 10, rows: 4 })).toBe(
      '\u001b[Ha\u001b[K\nbb\u001b[K\n… 2 more lines\u001b[K\n\u001b[J',
    );
  });
});
