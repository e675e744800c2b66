import { describe, expect, it } from 'vitest';
import { wrapped } from '../../src/cli/output.js';
import type { Asked } from '../../src/cli/status/asked.js';
import { collectorStatus, type StatusReport } from '../../src/cli/status/report.js';
import { codeOf, notesOf, screenOf, tablesOf } from '../../src/cli/status/screen.js';
import type { Collected, Stored } from '../../src/cli/status/stored.js';
import { redrawn } from '../../src/cli/status/terminal.js';
import type { RecurringState } from '../../src/temporal/collection.js';
import type { Trouble } from '../../src/temporal/run-under-way.js';
import type { SinkStanding } from '../../src/watch/sinks.js';

const now = Date.parse('2026-03-02T10:00:00Z');
const minute = 60_000;
const hour = 60 * minute;
const ago = (ms: number) => new Date(now - ms).toISOString();

const waiting: RecurringState = {
  recurrence: 'cron',
  state: 'waiting',
  cron: '*/5 * * * *',
  nextRun: ago(-3 * minute),
  lastFailure: null,
  lastFailureCode: null,
  run: null,
  pausedBecause: null,
};
const running: RecurringState = { ...waiting, state: 'running', nextRun: null, run: 'audit-collection-asa' };

const collected: Collected = {
  events: 1_234_567,
  lastSeq: 1_234_567,
  pages: 1_300,
  rejected: 0,
  lost: [],
  newestEvent: ago(2 * minute),
  lastRun: ago(2 * minute),
  lastNote: 'No new events',
  lastOffset: 'abc',
  lastCount: 12,
  caughtUpAt: ago(2 * minute),
  caughtUp: true,
  behindSince: null,
  lagSeconds: 0,
  sinks: [],
};
const sink: SinkStanding = {
  sink: 'archive',
  events: 1_234_000,
  behind: 567,
  confirmedAt: ago(3 * minute),
  refused: 0,
  waitingSince: ago(2 * minute),
  failure: null,
  failedAt: null,
};

interface Known {
  name?: string;
  state?: Asked['state'];
  run?: Asked['run'];
  unsaid?: Asked['unsaid'];
  worker?: StatusReport['worker'];
  collected?: Partial<Collected>;
  stored?: Partial<Stored> | undefined;
}

function statusOf(known: Known = {}) {
  const { name = 'asa', worker = 'running', run = null } = known;
  const state = 'state' in known ? known.state : waiting;
  const all = { ...collected, ...known.collected };
  const stored = { collected: all, expected: true, failure: null, found: [], ...known.stored };
  const has = !('stored' in known && known.stored === undefined);
  return collectorStatus(name, { state, run, unsaid: known.unsaid ?? null }, worker, has ? stored : undefined, now);
}

function reportOf(collectors = [statusOf()], other: Partial<StatusReport> = {}): StatusReport {
  const told = { storeExists: true, storeProblem: null, temporal: 'connected', temporalProblem: null };
  return { at: ago(0), store: '/data/trawl.db', ...told, worker: 'running', collectors, ...other };
}

/** Code of the exit, and of each line that is told. */
function told(known: Known) {
  const report = reportOf([statusOf(known)], { worker: known.worker ?? 'running' });
  const notes = notesOf(report);
  return {
    exit: codeOf(report),
    codes: notes.map((note) => / \[([A-Z_]+)\]$/.exec(note)?.[1]),
    text: notes.join('\n'),
  };
}

describe('what is said of a collector', () => {
  const trouble: Trouble = {
    step: 'fetchPages',
    attempt: 4,
    failure: 'acme.example answered 503 to the request for a page.',
    code: 'SOURCE_UNAVAILABLE',
    nextMs: now + 8_000,
  };
  const under = (ms: number, changes: Partial<Trouble> | null = {}) => ({
    startedMs: now - ms,
    trouble: changes && { ...trouble, ...changes },
  });
  const failure = (code: string | null) => ({
    lastFailure: 'The key was revoked. Make a new one.',
    lastFailureCode: code,
  });
  const paused: RecurringState = { ...waiting, recurrence: 'schedule', state: 'paused', pausedBecause: 'ada: upgrade' };
  const long = { lastRun: ago(40 * minute) };

  it.each<[string, Known, number, string[], RegExp]>([
    ['that is well', {}, 0, [], /All is well, and a worker takes work\./],
    [
      'whose key was revoked',
      { state: { ...waiting, ...failure('CREDENTIALS_REFUSED') } },
      3,
      ['CREDENTIALS_REFUSED'],
      /asa: The last run failed: The key was revoked\. Make a new one\. \[/,
    ],
    [
      'whose source was away',
      { state: { ...waiting, ...failure('SOURCE_UNAVAILABLE') } },
      0,
      ['SOURCE_UNAVAILABLE'],
      /last run failed/,
    ],
    [
      'whose run failed without a code',
      { state: { ...waiting, ...failure(null) } },
      3,
      ['RUN_FAILED'],
      /last run failed/,
    ],
    [
      'whose run failed by a code of somebody else',
      { state: { ...waiting, ...failure('Nonsense') } },
      3,
      ['RUN_FAILED'],
      /last run failed/,
    ],
    [
      'whose run is failing',
      { state: running, run: under(minute) },
      0,
      ['SOURCE_UNAVAILABLE'],
      /fetchPages, and tries again in 8s \(attempt 4\): acme\.example answered 503/,
    ],
    [
      'whose run fails as the last one did',
      { state: { ...running, lastFailure: trouble.failure, lastFailureCode: trouble.code }, run: under(minute) },
      0,
      ['SOURCE_UNAVAILABLE'],
      /last run failed/,
    ],
    [
      'whose run stands still',
      { state: running, run: under(hour), collected: long },
      3,
      ['RUN_STUCK'],
      /began 1h ago has written nothing for 40m\. fetchPages has failed 3 times: acme\.example .* "trawl stop asa"/,
    ],
    [
      'whose run stands still, and nobody knows why',
      { state: running, run: under(hour, null), collected: long },
      3,
      ['RUN_STUCK'],
      /nothing for 40m\. See audit-collection-asa/,
    ],
    ['whose run takes long and writes', { state: running, run: under(9 * hour, null) }, 0, [], /All is well/],
    [
      'whose run has just begun after a rest',
      { state: running, run: under(minute, null), collected: { lastRun: ago(9 * hour) } },
      0,
      [],
      /All is well/,
    ],
    [
      'whose run waits for a rate limit',
      { state: running, run: under(hour, { code: 'RATE_LIMITED' }), collected: long },
      0,
      ['RATE_LIMITED'],
      /tries again/,
    ],
    [
      'whose run waits for a rate limit without end',
      { state: running, run: under(3 * hour, { code: 'RATE_LIMITED' }), collected: { lastRun: null } },
      3,
      ['RUN_STUCK'],
      /began 3h ago/,
    ],
    [
      'whose Schedule somebody has paused',
      { state: paused },
      3,
      ['PAUSED'],
      /paused \(ada: upgrade\), so nothing is collected\. "trawl start asa"/,
    ],
    ['that trawl stop has ended', { state: paused, stored: { expected: false } }, 0, [], /All is well/],
    ['that is paused, with the store down', { state: paused, stored: undefined }, 0, ['PAUSED'], /trawl start asa/],
    [
      'that no worker carries out',
      { state: running, run: under(hour, null), worker: 'none' },
      3,
      ['NO_WORKER'],
      /Worker: none takes work, and a run of asa is due\. Start one with "trawl worker"/,
    ],
    [
      'whose next run no worker would carry out',
      { worker: 'none' },
      0,
      ['NO_WORKER'],
      /nothing is collected\. Start one/,
    ],
    [
      'that was set up just now',
      { state: null, collected: { lastRun: null, events: 0 }, stored: { expected: false } },
      0,
      ['NOT_RUNNING'],
      /"trawl start asa" does from now on/,
    ],
    ['that was collected once by hand', { state: null, stored: { expected: false } }, 0, [], /All is well/],
    [
      'that the store finds late',
      { stored: { found: [{ code: 'LATE', message: 'No run has finished.' }] } },
      3,
      ['LATE'],
      /asa: No run has finished\. \[LATE\]/,
    ],
    [
      'whose sink fails',
      { collected: { sinks: [{ ...sink, failure: 'No answer. Look at it. [SINK_UNAVAILABLE]' }] } },
      0,
      ['SINK_UNAVAILABLE'],
      /Offloading to archive failed: No answer\. Look at it\. \[/,
    ],
    [
      'whose sink has refused events',
      { collected: { sinks: [{ ...sink, refused: 3 }] } },
      0,
      ['EVENTS_REFUSED'],
      /3 events were refused by archive.*trawl offload asa --sink archive/,
    ],
    [
      'that lost events',
      { collected: { lost: [{ from: ago(2 * hour), to: ago(hour) }] } },
      0,
      ['EVENTS_LOST'],
      /no longer held/,
    ],
    [
      'that failed, with Temporal down',
      { state: undefined, worker: 'unknown', stored: { failure: { code: 'ACCESS_DENIED', message: 'It may not.' } } },
      3,
      ['ACCESS_DENIED'],
      /last run failed: It may not\./,
    ],
    [
      'of which Temporal does not say anything in time',
      { state: undefined, unsaid: { code: 'TEMPORAL_UNREACHABLE', message: 'Temporal does not say.' } },
      0,
      ['TEMPORAL_UNREACHABLE'],
      /asa: Temporal does not say/,
    ],
    [
      'of which Temporal says what cannot be read here',
      { state: undefined, unsaid: { code: 'PAYLOAD_UNREADABLE', message: 'A key is not known.' } },
      3,
      ['PAYLOAD_UNREADABLE'],
      /asa: A key is not known/,
    ],
    [
      'whose failure has text that drives a terminal',
      { state: { ...waiting, lastFailure: 'a\u001b[2Jb', lastFailureCode: 'RATE_LIMITED' } },
      0,
      ['RATE_LIMITED'],
      /a\\u001b\[2Jb/,
    ],
  ])('%s', (_, known, exit, codes, words) => {
    const found = told(known);
    expect({ exit: found.exit, codes: found.codes.filter(Boolean) }).toEqual({ exit, codes });
    expect(found.text).toMatch(words);
  });

  it('is said once where it is the same of several', () => {
    const same = { state: { ...waiting, ...failure('CREDENTIALS_REFUSED') } };
    const notes = notesOf(reportOf([statusOf({ ...same, name: 'acme' }), statusOf({ ...same, name: 'globex' })]));
    expect(notes).toEqual([expect.stringMatching(/^acme, globex: The last run failed/)]);
  });
});

describe('what is said where there is nothing to say of a collector', () => {
  const problem = { code: 'STORE_BUSY', message: 'It does not answer.', hint: 'Wait.' } as const;
  it.each<[string, Partial<StatusReport>, number, RegExp]>([
    ['no collector', { collectors: [] }, 0, /No collector is set up\. "trawl init"/],
    ['no store', { storeExists: false }, 0, /nothing has been collected here yet \(\/data\/trawl\.db\)/],
    ['no store that can be read', { storeProblem: problem }, 1, /^Store: It does not answer\. Wait\. \[STORE_BUSY\]$/m],
    [
      'no Temporal that answers',
      { temporalProblem: { ...problem, code: 'TEMPORAL_UNREACHABLE' } },
      3,
      /^Temporal: It .*\[TEMPORAL_UNREACHABLE\]$/m,
    ],
    [
      'neither',
      { storeProblem: problem, temporalProblem: problem, collectors: [] },
      1,
      /^Store: [^\n]*\nTemporal: [^\n]*$/,
    ],
  ])('%s', (_, other, exit, words) => {
    const report = reportOf(undefined, other);
    expect(codeOf(report)).toBe(exit);
    expect(notesOf(report).join('\n')).toMatch(words);
  });
});

describe('the table', () => {
  const long = statusOf({ name: `${'acme-production-'.repeat(3)}eu`, state: { ...waiting, lastFailure: 'x' } });
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

  it.each([200, 120, 100, 80, 60, 40])('keeps within %i columns, with all collectors in it', (columns) => {
    const text = tablesOf(report, columns);
    expect(widest(text)).toBeLessThanOrEqual(columns);
    expect(text).toMatch(/^acme-/m);
    expect(text).toMatch(/^globex +waiting +- +1d/m);
    expect(text).toMatch(/^initech +(archive|a-splunk)/m);
    expect(text.match(/BEHIND/g)).toHaveLength(1);
    if (columns >= 80) expect(text).toMatch(/^COLLECTOR .*STATE .*LAST SUCCESS .*BEHIND .*EVENTS/);
  });

  it('has everything on a usual screen, where names are of a usual length', () => {
    expect(tablesOf(reportOf([statusOf({ name: 'acme-prod' })]), 120)).toBe(
      [
        'COLLECTOR  STATE    LAST SUCCESS  BEHIND  NEXT RUN  BY                EVENTS     REJECTED  NEWEST EVENT',
        'acme-prod  waiting  2m ago        0       in 3m     cron */5 * * * *  1,234,567  0         2m ago',
        '',
      ].join('\n'),
    );
    expect(tablesOf(reportOf(), 80)).toContain('1,234,567');
  });

  it('cuts nothing where a program reads it', () => {
    expect(tablesOf(report)).toContain(long.collector);
  });

  it('says what is under way', () => {
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
    expect(shown({ state: { ...waiting, lastFailure: 'x' } })).toBe('waiting, failing');
  });

  it('says how far behind: nothing, so long, never read, not known', () => {
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

it('what is wrong is on the screen however many collectors there are', () => {
  const failing = { ...waiting, lastFailure: 'The key was revoked.', lastFailureCode: 'CREDENTIALS_REFUSED' };
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
  it.each([80, 40, 20, 3, 1])('is broken at %i columns and loses nothing', (columns) => {
    const line = `asa: The last run failed: ${'word '.repeat(20)}and ${'x'.repeat(90)} at the end. [RUN_FAILED]`;
    const text = wrapped(line, columns);
    expect(Math.max(...text.split('\n').map((part) => part.length))).toBeLessThanOrEqual(columns);
    expect(text.replace(/\s/g, '')).toBe(line.replace(/\s/g, ''));
  });

  it('is drawn over the last screen, and what does not fit below is counted', () => {
    expect(redrawn('a\nbb\nc\nd\n', { columns: 10, rows: 4 })).toBe(
      '\u001b[Ha\u001b[K\nbb\u001b[K\n… 2 more lines\u001b[K\n\u001b[J',
    );
  });
});
