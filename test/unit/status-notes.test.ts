import { describe, expect, it } from 'vitest';
import type { StatusReport } from '../../src/cli/status/report.js';
import { codeOf, notesOf } from '../../src/cli/status/screen.js';
import type { RecurringState } from '../../src/temporal/collection.js';
import type { Trouble } from '../../src/temporal/run-under-way.js';
import { ago, hour, type Known, minute, now, reportOf, running, sink, statusOf, waiting } from './support/status.js';

/** The exit code, and the code of each note. */
function reportOn(known: Known) {
  const report = reportOf([statusOf(known)], { worker: known.worker ?? 'running' });
  const notes = notesOf(report);
  return {
    exit: codeOf(report),
    codes: notes.map((note) => / \[([A-Z_]+)\]$/.exec(note)?.[1]),
    text: notes.join('\n'),
  };
}

describe('the notes about a collector', () => {
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
    failure: { message: 'The key was revoked. Make a new one.', code, atMs: now - minute },
  });
  const paused: RecurringState = { ...waiting, recurrence: 'schedule', state: 'paused', pausedBecause: 'ada: upgrade' };
  const repetition = { sink: 'archive', series: 'january', number: 3, events: 9, sentEvents: 0, fixedAt: ago(hour) };
  const long = { lastRun: ago(40 * minute) };

  it.each<[string, Known, number, string[], RegExp]>([
    ['without problems', {}, 0, [], /All is well, and a worker is running\./],
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
      'that waits for no run',
      { state: { ...waiting, recurrence: 'schedule', cron: '0 0 31 2 *', nextRun: null } },
      3,
      ['NO_NEXT_RUN'],
      /no run follows \(cron "0 0 31 2 \*"\).*"trawl start asa --cron/,
    ],
    [
      'whose Schedule, made elsewhere, has ended',
      { state: { ...waiting, recurrence: 'schedule', cron: '', nextRun: null } },
      3,
      ['NO_NEXT_RUN'],
      /no run follows, so nothing/,
    ],
    [
      'whose run is failing',
      { state: running, run: under(minute) },
      0,
      ['SOURCE_UNAVAILABLE'],
      /fetchPages and retries in 8s \(attempt 4\): acme\.example answered 503/,
    ],
    [
      'whose run fails as the last one did',
      {
        state: { ...running, failure: { message: trouble.failure, code: trouble.code, atMs: now - minute } },
        run: under(minute),
      },
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
    ['whose run takes long but still writes', { state: running, run: under(9 * hour, null) }, 0, [], /All is well/],
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
      /retries/,
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
    [
      'that trawl stop has ended after a failure that the Schedule still has',
      {
        state: { ...paused, failure: { message: 'The key was refused.', code: 'CREDENTIALS_REFUSED', atMs: now } },
        stored: { expected: false },
      },
      0,
      ['CREDENTIALS_REFUSED'],
      /It is stopped\. The last run before that failed: The key was refused\./,
    ],
    [
      'that trawl stop has ended after a failure that the log has',
      {
        state: null,
        stored: { expected: false, failureBeforeStop: { at: ago(hour), text: 'Refused. [CREDENTIALS_REFUSED]' } },
      },
      0,
      ['CREDENTIALS_REFUSED'],
      /The last run before that failed: Refused\./,
    ],
    [
      'that was stopped, and has failed once more by hand',
      { state: null, stored: { expected: false, failure: { at: ago(0), text: 'Refused. [CREDENTIALS_REFUSED]' } } },
      3,
      ['CREDENTIALS_REFUSED'],
      /The last run failed: Refused\./,
    ],
    ['that is paused, with the store down', { state: paused, stored: undefined }, 0, ['PAUSED'], /trawl start asa/],
    [
      'that no worker carries out',
      { state: running, run: under(hour, null), worker: 'none' },
      3,
      ['NO_WORKER'],
      /Worker: none is running, and a run of asa is due\. Start one with "trawl worker"/,
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
      /Collect regularly with "trawl start asa"/,
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
      /archive refused 3 events.*trawl offload asa --sink archive/,
    ],
    [
      'whose proof nobody signs',
      { collected: { signed: false } },
      0,
      ['PROOF_UNSIGNED'],
      /No key signs its proof of completeness.*trawl proof key FILE/,
    ],
    [
      'with a repetition that broke off',
      { collected: { repetitions: [{ ...repetition, sending: false }] } },
      0,
      ['REPETITION_OPEN'],
      /january to archive has not finished: its batch 3.*"trawl offload asa --name january --drop"/,
    ],
    [
      'with a repetition under way',
      { collected: { repetitions: [{ ...repetition, sending: true }] } },
      0,
      [],
      /All is well/,
    ],
    [
      'with filters, whoever set them',
      { collected: { filters: [{ setting: 'descopeText', value: 'no-such-text', from: 'table' }] } },
      0,
      ['FILTERED'],
      /asa: Filters leave out .*descopeText="no-such-text" \(table\).*"trawl env unset asa NAME"/,
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
      {
        state: undefined,
        worker: 'unknown',
        stored: { failure: { at: ago(minute), text: 'It may not. [ACCESS_DENIED]' } },
      },
      3,
      ['ACCESS_DENIED'],
      /last run failed: It may not\./,
    ],
    [
      'whose run by hand failed before the first tick',
      {
        collected: { lastRun: null, lastNote: 'Setting searchCount changed' },
        stored: { failure: { at: ago(minute), text: 'It may not. [ACCESS_DENIED]' } },
      },
      3,
      ['ACCESS_DENIED'],
      /last run failed: It may not\./,
    ],
    [
      'whose run by hand failed after the recurring one',
      {
        state: { ...waiting, ...failure('CREDENTIALS_REFUSED') },
        stored: { failure: { at: ago(minute / 2), text: 'It may not. [ACCESS_DENIED]' } },
      },
      3,
      ['ACCESS_DENIED'],
      /last run failed: It may not\./,
    ],
    [
      'whose run by hand succeeded after the recurring one failed',
      { state: { ...waiting, ...failure('CREDENTIALS_REFUSED') }, collected: { lastRun: ago(minute / 2) } },
      0,
      [],
      /All is well/,
    ],
    [
      'whose failure both the store and Temporal know',
      {
        state: { ...waiting, failure: { message: 'It  may\nnot.', code: 'ACCESS_DENIED', atMs: now - minute } },
        stored: {
          failure: { at: ago(minute + 1), text: 'It may not. [ACCESS_DENIED]' },
          found: [{ code: 'ACCESS_DENIED', message: 'The last run failed: It may not.' }],
        },
      },
      3,
      ['ACCESS_DENIED'],
      /last run failed: It {2}may/,
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
      { state: { ...waiting, failure: { message: 'a\u001b[2Jb', code: 'RATE_LIMITED', atMs: now - minute } } },
      0,
      ['RATE_LIMITED'],
      /a\\u001b\[2Jb/,
    ],
  ])('%s', (_, known, exit, codes, words) => {
    const found = reportOn(known);
    expect({ exit: found.exit, codes: found.codes.filter(Boolean) }).toEqual({ exit, codes });
    expect(found.text).toMatch(words);
  });

  it('appear once if several collectors share them', () => {
    const same = { state: { ...waiting, ...failure('CREDENTIALS_REFUSED') } };
    const notes = notesOf(reportOf([statusOf({ ...same, name: 'acme' }), statusOf({ ...same, name: 'globex' })]));
    expect(notes).toEqual([expect.stringMatching(/^acme, globex: The last run failed/)]);
  });
});

describe('the notes if there are none about a collector', () => {
  const problem = { code: 'STORE_BUSY', message: 'It does not answer.', hint: 'Wait.' } as const;
  it.each<[string, Partial<StatusReport>, number, RegExp]>([
    ['no collector', { collectors: [] }, 0, /No collector is set up\. Set one up with "trawl init"/],
    [
      'no worker where runs wait',
      { strayRuns: [{ taskQueue: 'audit-colection', workflowIds: ['audit-collection-asa', 'once'] }] },
      3,
      /^Temporal: audit-collection-asa and 1 more run wait on the task queue audit-colection.*--task-queue audit-collection\. \[NO_WORKER\]$/m,
    ],
    ['no store', { storeExists: false }, 0, /nothing has been collected here yet \(\/data\/trawl\.db\)/],
    ['no store that can be read', { storeProblem: problem }, 1, /^Store: It does not answer\. Wait\. \[STORE_BUSY\]$/m],
    [
      'no Temporal that answers',
      { temporalProblem: { ...problem, code: 'TEMPORAL_UNREACHABLE' } },
      3,
      /^Temporal: It .*\[TEMPORAL_UNREACHABLE\]$/m,
    ],
    [
      'a Temporal that the message names itself',
      { temporalProblem: { ...problem, code: 'TEMPORAL_UNREACHABLE', message: 'Temporal at x cannot be used.' } },
      3,
      /^Temporal at x cannot be used\. Wait\. \[TEMPORAL_UNREACHABLE\]$/m,
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
