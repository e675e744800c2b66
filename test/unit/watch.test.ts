import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Standing } from '../../src/stores/store.js';
import { serveHealth } from '../../src/watch/endpoint.js';
import { problemsOf } from '../../src/watch/health.js';
import { lateSink, type SinkStanding } from '../../src/watch/sinks.js';
import { nthTickBefore } from '../../src/watch/ticks.js';
import { signal } from './support/signal.js';

const now = Date.parse('2026-03-02T10:02:00Z');
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const ago = (ms: number) => new Date(now - ms).toISOString();

describe('the n-th tick before now', () => {
  it.each([
    ['*/5 * * * *', 1, '2026-03-02T10:00:00Z'],
    ['*/5 * * * *', 3, '2026-03-02T09:50:00Z'],
    ['0 9-17 * * 1-5', 3, '2026-02-27T17:00:00Z'],
    ['CRON_TZ=America/New_York 0 4 * * *', 1, '2026-03-02T09:00:00Z'],
    ['TZ=UTC 0 4 * * *', 1, '2026-03-02T04:00:00Z'],
    ['@hourly', 2, '2026-03-02T09:00:00Z'],
    ['@every 90s', 2, '2026-03-02T09:59:00Z'],
    ['@every 1h30m', 1, '2026-03-02T08:32:00Z'],
    ['a cron that only the server understands', 2, '2026-02-28T10:02:00Z'],
    ['', 1, '2026-03-01T10:02:00Z'],
  ])('of "%s", %i', (cron, count, expected) => {
    expect(new Date(nthTickBefore(cron, count, now)).toISOString()).toBe(expected.replace('Z', '.000Z'));
  });

  it('is before now and never after the previous one, for any cron', () => {
    const field = fc.constantFrom('*', '*/7', '0', '3,4', '2-6', 'x', '');
    const cron = fc.oneof(
      fc.string(),
      fc.array(field, { maxLength: 7 }).map((fields) => fields.join(' ')),
      fc.string().map((text) => `@every ${text}`),
    );
    fc.assert(
      fc.property(cron, fc.integer({ min: 1, max: 20 }), (text, count) => {
        const tick = nthTickBefore(text, count, now);
        expect(tick).toBeLessThan(now);
        expect(nthTickBefore(text, count + 1, now)).toBeLessThan(tick);
      }),
    );
  });
});

describe('a sink', () => {
  const standing: SinkStanding = {
    sink: 'archive',
    events: 100,
    behind: 20,
    refused: 0,
    confirmedAt: ago(3 * hour),
    waitingSince: ago(10 * minute),
    failure: null,
    failedAt: null,
  };

  it.each<[string, Partial<SinkStanding>, boolean]>([
    ['has everything', { behind: 0, waitingSince: null, failure: 'no answer' }, false],
    ['lacks events that have just been collected', {}, false],
    ['lacks events that were collected longer ago', { waitingSince: ago(61 * minute) }, true],
    ['works off a long backlog', { waitingSince: ago(5 * hour), confirmedAt: ago(minute) }, false],
    ['has never confirmed anything', { waitingSince: ago(61 * minute), confirmedAt: null }, true],
    ['fails a few times', { failure: 'no answer' }, false],
    ['fails for longer', { failure: 'no answer', waitingSince: ago(16 * minute) }, true],
  ])('that %s', (_, changes, isLate) => {
    const problem = lateSink('asa', { ...standing, ...changes }, hour, now);
    expect(problem !== null).toBe(isLate);
    if (changes.failure && isLate) expect(problem!.message).toContain('The last attempt failed: no answer');
  });
});

describe('a collector', () => {
  const standing: Standing = {
    collector: 'asa',
    lastDateTime: ago(4 * minute),
    caughtUpAt: ago(4 * minute),
    newestTimestamp: ago(30 * day),
    lastSeq: 10,
    pages: 1,
    rejected: 0,
    unsettled: null,
    due: { cron: '*/5 * * * *', since: ago(day), tick: null },
    failure: null,
    endless: null,
    forked: null,
    anchor: null,
  };
  const codes = (changes: Partial<Standing>, retentionDays: number | undefined = 90) =>
    problemsOf({ ...standing, ...changes }, { lateAfterRuns: 3, retentionDays }, now).map(({ code }) => code);

  it('with rejected events has a problem until they are stored or acknowledged', () => {
    const unsettled = { events: 300, reason: 'timestamp: not RFC 3339', at: ago(day) };
    const [problem, ...others] = problemsOf({ ...standing, unsettled }, { lateAfterRuns: 3, retentionDays: 90 }, now);
    expect(others).toEqual([]);
    expect(problem).toMatchObject({
      code: 'EVENTS_REJECTED',
      message: expect.stringMatching(/^300 events .*timestamp: not RFC 3339.*"trawl reset asa --rejected"/),
    });
  });

  it.each<[string, Partial<Standing>, string[]]>([
    ['that ran at its last tick', {}, []],
    [
      'whose first run failed, whoever began it',
      { lastDateTime: null, caughtUpAt: null, due: null, failure: { at: ago(minute), text: 'No. [ACCESS_DENIED]' } },
      ['ACCESS_DENIED'],
    ],
    ['whose newest run failed for a while', { failure: { at: ago(minute), text: 'No. [SOURCE_UNAVAILABLE]' } }, []],
    ['that missed two runs', { lastDateTime: ago(12 * minute) }, []],
    ['that missed three runs', { lastDateTime: ago(13 * minute) }, ['LATE']],
    ['that has never run since it was started', { lastDateTime: null, caughtUpAt: null }, ['LATE']],
    [
      'that was started just now',
      { lastDateTime: null, caughtUpAt: null, due: { cron: '*/5 * * * *', since: ago(minute), tick: null } },
      [],
    ],
    [
      'whose source has had only empty pages for a while',
      { endless: { since: ago(59 * minute), leadsBack: false } },
      [],
    ],
    [
      'whose source has had only empty pages for an hour',
      { endless: { since: ago(hour), leadsBack: false } },
      ['NOT_CAUGHT_UP'],
    ],
    ['whose source leads back', { endless: { since: ago(minute), leadsBack: true } }, ['NOT_CAUGHT_UP']],
    ['that is not expected to run', { lastDateTime: ago(40 * day), caughtUpAt: ago(40 * day), due: null }, []],
    [
      'that nears the retention',
      { lastDateTime: ago(70 * day), caughtUpAt: ago(70 * day), newestTimestamp: ago(71 * day), due: null },
      ['RETENTION_NEAR'],
    ],
    [
      'whose newest event bears a time to come',
      { lastDateTime: ago(70 * day), caughtUpAt: ago(70 * day), newestTimestamp: '9999-01-01T00:00:00Z', due: null },
      ['RETENTION_NEAR'],
    ],
    [
      'that catches up from the oldest events on',
      { lastDateTime: ago(minute), caughtUpAt: null, newestTimestamp: ago(89 * day) },
      [],
    ],
    [
      'that stopped in the middle of its first catch-up',
      { lastDateTime: ago(2 * hour), caughtUpAt: null, newestTimestamp: ago(89 * day) },
      ['LATE', 'RETENTION_NEAR'],
    ],
    [
      'whose cron never comes',
      { lastDateTime: null, caughtUpAt: null, due: { cron: '0 0 31 2 *', since: ago(hour), tick: null } },
      ['NO_NEXT_RUN'],
    ],
    [
      'whose cron is not known',
      { lastDateTime: null, caughtUpAt: null, due: { cron: '', since: ago(hour), tick: null } },
      [],
    ],
  ])('%s', (_, changes, expected) => {
    expect(codes(changes)).toEqual(expected);
  });

  it('of a source with unknown retention is never near it', () => {
    expect(
      problemsOf(
        { ...standing, lastDateTime: ago(900 * day), caughtUpAt: ago(900 * day), due: null },
        { lateAfterRuns: 3, retentionDays: undefined },
        now,
      ),
    ).toEqual([]);
  });

  it('reports how long events are still kept, or that they may be gone', () => {
    const problemAfter = (days: number) =>
      problemsOf(
        { ...standing, lastDateTime: ago(days * day), caughtUpAt: ago(days * day), newestTimestamp: null, due: null },
        { lateAfterRuns: 3, retentionDays: 90 },
        now,
      )[0]?.message;
    expect(problemAfter(80)).toContain('In 10 days events will be lost');
    expect(problemAfter(91)).toContain('may have been lost already');
  });
});

describe('the address of the health endpoint', () => {
  const served = {
    working: () => true,
    findings: async () => ({ at: '2026-01-01T00:00:00Z', store: null, storeBytes: 1, collectors: [] }),
    metrics: async () => '',
  };

  it('is the next free port for each of several workers that start at once, if none is configured', async () => {
    const asking = Array.from({ length: 8 }, () =>
      serveHealth({ host: '127.0.0.1', port: 29_464, asked: false }, served),
    );
    const endpoints = await Promise.all(asking);
    onTestFinished(async () => void (await Promise.all(endpoints.map((endpoint) => endpoint.close()))));
    expect(new Set(endpoints.map(({ url }) => url)).size).toBe(8);
  });

  it('computes the metrics once for requests that come together, and tells none why it cannot', async () => {
    let computed = 0;
    let broken = false;
    const finished = signal();
    const warnings: string[] = [];
    const metrics = async () => {
      computed += 1;
      if (broken) throw new Error('secret');
      await finished.happened;
      return 'trawl_worker_up 1\n';
    };
    const warn = (message: string) => void warnings.push(message);
    const endpoint = await serveHealth({ host: '127.0.0.1', port: 0, asked: true }, { ...served, metrics, warn });
    onTestFinished(() => endpoint.close());
    const asked = Array.from({ length: 50 }, () => fetch(`${endpoint.url}/metrics`).then((answer) => answer.text()));
    await fetch(`${endpoint.url}/livez`);
    finished.happen();
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['trawl_worker_up 1\n']));
    expect(computed).toBe(1);
    broken = true;
    const other = await serveHealth({ host: '127.0.0.1', port: 0, asked: true }, { ...served, metrics, warn });
    onTestFinished(() => other.close());
    const failed = await fetch(`${other.url}/metrics`);
    expect([failed.status, await failed.text()]).toEqual([500, '{"error":"The request cannot be answered."}\n']);
    expect(warnings).toEqual([expect.stringContaining('secret')]);
  });

  it('is an error if the configured port is taken', async () => {
    const endpoint = await serveHealth({ host: '127.0.0.1', port: 0, asked: true }, served);
    onTestFinished(() => endpoint.close());
    const port = Number(new URL(endpoint.url).port);
    await expect(serveHealth({ host: '127.0.0.1', port, asked: true }, served)).rejects.toMatchObject({
      code: 'PORT_TAKEN',
    });
  });
});
