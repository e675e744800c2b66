import { describe, expect, it } from 'vitest';
import type { PageRef } from '../../activities/types.js';
import { workflowTypes } from '../../src/inputs/workflows.js';
import * as bundle from '../../workflows/index.js';
import { collectionInput, collectorInput, parseInput, variablesInput } from '../../workflows/input.js';
import type { Progress } from '../../workflows/messages.js';
import { inWords } from '../../workflows/progress.js';
import { summaryOf } from '../../workflows/walk.js';

const page = (events: number): PageRef => ({
  key: 'k',
  offset: 'o',
  nextOffset: 'n',
  more: true,
  generation: 0,
  events,
  rejected: 0,
});

describe('the summary of an activity', () => {
  it('names collector, pages and events', () => {
    expect(summaryOf('asa', 'write', { pages: [page(1000), page(1000), page(1000), page(1000)], nextPage: 9 })).toBe(
      'asa: write pages 5 to 8, 4,000 events',
    );
  });

  it('of one page names that', () => {
    expect(summaryOf('asa', 'enrich', { pages: [page(7)], nextPage: 2 })).toBe('asa: enrich page 1, 7 events');
  });
});

describe('progress in words', () => {
  const progress: Progress = {
    collector: 'asa',
    state: 'walking',
    pages: 12,
    newEvents: 11_500,
    rejected: 0,
    requests: 13,
    newest: '2026-05-01T12:00:00',
    walk: null,
    failedCommands: [],
    note: 'Full page',
  };

  it('names the collector, the step and the progress', () => {
    const words = inWords(progress);
    for (const part of ['asa', 'walking', '11,500', '12', '2026-05-01T12:00:00Z', 'Full page']) {
      expect(words).toContain(part);
    }
    expect(words).not.toContain('rejected_events');
  });

  it('says where the rejects are', () => {
    expect(inWords({ ...progress, rejected: 3 })).toMatch(/3 .*rejected_events/);
  });

  it('names the walk that continues', () => {
    expect(inWords({ ...progress, state: 'handed over', walk: 'audit-walk-asa-1' })).toMatch(
      /handed over.*audit-walk-asa-1/,
    );
  });

  it('says "so far" only while the run goes on', () => {
    expect(inWords(progress)).toContain('so far');
    for (const state of ['caught up', 'not caught up', 'failed'] as const)
      expect(inWords({ ...progress, state })).toContain('11,500 new events in 12 pages, up to');
  });

  it('says how much was read and where, after a reset', () => {
    const again = { ...progress, newEvents: 0, eventsRead: 40_000, reached: '2026-01-02T00:00:00' };
    expect(inWords(again)).toContain('read 40,000 events (0 new) in 12 pages so far, at 2026-01-02T00:00:00Z');
    const beyond = { ...again, newEvents: 7, reached: progress.newest };
    expect(inWords(beyond)).toContain('read 40,000 events (7 new) in 12 pages so far, up to 2026-05-01T12:00:00Z');
  });

  it('names the cron of a run that recurs, whoever began it', () => {
    expect(inWords(progress, '*/5 * * * *')).toContain('(recurring collection, cron `*/5 * * * *`)');
    expect(inWords(progress)).not.toContain('cron');
  });

  it('omits what is not known yet', () => {
    const words = inWords({ ...progress, state: 'starting', pages: 0, newEvents: 0, newest: null, note: '' });
    expect(words).toContain('starting');
    expect(words).not.toMatch(/null|undefined|Last page|up to/);
  });
});

describe('the input of a workflow', () => {
  const example = '{"collector":"asa"}';

  it('is accepted if it is valid', () => {
    const parsed = parseInput(collectionInput, { collector: 'asa' }, example);
    expect(parsed.collector).toBe('asa');
    expect(parsed.historyEventsMax).toBeGreaterThan(0);
    expect(parseInput(variablesInput, { collector: 'asa', variables: { searchCount: '5' } }, example)).toEqual({
      collector: 'asa',
      variables: { searchCount: '5' },
    });
  });

  it.each([
    [collectionInput, undefined],
    [collectionInput, null],
    [collectionInput, 'asa'],
    [collectionInput, {}],
    [collectionInput, { collector: '' }],
    [collectionInput, { collector: 7 }],
    [collectionInput, { collector: 'x'.repeat(64) }],
    [collectionInput, { collector: 'asa', colector: 'asa' }],
    [collectionInput, { collector: 'asa', historyEventsMax: 0 }],
    [collectionInput, { collector: 'asa', historyEventsMax: 1.5 }],
    [collectorInput, { collector: 'asa', keys: [] }],
    [variablesInput, { collector: 'asa' }],
    [variablesInput, { collector: 'asa', variables: {} }],
    [variablesInput, { collector: 'asa', variables: { searchCount: 5 } }],
  ])('that is invalid (%#) fails the run without a retry, and says what is expected', (schema, input) => {
    expect(() => parseInput<unknown>(schema, input, example)).toThrow(
      expect.objectContaining({
        type: 'INPUT_INVALID',
        nonRetryable: true,
        message: expect.stringContaining(`--input '${example}'`),
      }),
    );
  });

  it('that is invalid is not quoted in the message, since it may hold a secret', () => {
    const input = { collector: 'asa', variables: { asaKeySecret: { value: 'hunter2' } }, secret: 'hunter2' };
    expect(() => parseInput<unknown>(variablesInput, input, example)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') }),
    );
  });
});

it('the list of workflow types has each that the bundle exports', () => {
  const { default: unknownType, ...types } = bundle;
  expect(unknownType).toBeTypeOf('function');
  expect([...workflowTypes].sort()).toEqual(Object.keys(types).sort());
});
