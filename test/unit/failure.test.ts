import type { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asActivity } from '../../activities/failure.js';
import { type ErrorCode, errorCodes, TrawlError } from '../../src/errors.js';
import { quietTemporal } from '../support/quiet.js';

const maximumAttempts = 8;

/** How an attempt fails, and what it leaves for the next one. */
async function failed(error: unknown, attempt = 1, heartbeatDetails?: unknown) {
  quietTemporal();
  const environment = new MockActivityEnvironment({ attempt, heartbeatDetails, retryPolicy: { maximumAttempts } });
  let left: unknown;
  environment.on('heartbeat', (details: unknown) => {
    left = details;
  });
  const failure: unknown = await environment.run(() =>
    asActivity(() => Promise.reject(error)).catch((thrown: unknown) => thrown),
  );
  return { failure: failure as ApplicationFailure, left };
}

/** The failure that ends attempts which fail with these codes one after another; undefined if none ends them. */
async function endOf(codes: readonly ErrorCode[]) {
  let details: unknown;
  for (const [place, code] of codes.entries()) {
    const { failure, left } = await failed(new TrawlError(code, `${code}.`, { hint: 'Wait.' }), place + 1, details);
    if (failure.nonRetryable || place + 1 === maximumAttempts) return { attempt: place + 1, failure };
    // As the server hands it on.
    details = JSON.parse(JSON.stringify(left));
  }
  return undefined;
}

const unavailable = (retryAfterMs?: number) =>
  new TrawlError('SOURCE_UNAVAILABLE', 'It answered 503.', { hint: 'It is tried again.', retryAfterMs });

describe('the failure of an activity', () => {
  it.each([
    [0, 1, 1_000],
    [300, 4, 8_000],
    [90_000, 3, 90_000],
    [5_000, 20, 60_000],
  ])(
    'asked to wait %i ms after attempt %i waits %i ms, never shorter than the growing wait',
    async (asked, attempt, waits) => {
      expect((await failed(unavailable(asked), attempt)).failure.nextRetryDelay).toBe(waits);
    },
  );

  it('leaves the wait to the retry policy where none is asked for', async () => {
    expect((await failed(unavailable())).failure.nextRetryDelay).toBeUndefined();
  });

  it.each<[string, ErrorCode[], number | undefined]>([
    ['three times in a row', ['OFFSET_UNKNOWN', 'OFFSET_UNKNOWN', 'OFFSET_UNKNOWN'], 3],
    ['once after others', ['SOURCE_UNAVAILABLE', 'SOURCE_UNAVAILABLE', 'OFFSET_UNKNOWN'], undefined],
    [
      'twice, and twice more',
      ['OFFSET_UNKNOWN', 'OFFSET_UNKNOWN', 'STORE_BUSY', 'OFFSET_UNKNOWN', 'OFFSET_UNKNOWN'],
      undefined,
    ],
    ['three times after another', ['RATE_LIMITED', 'OFFSET_UNKNOWN', 'OFFSET_UNKNOWN', 'OFFSET_UNKNOWN'], 4],
    [
      'in turn with one like it',
      ['TOKEN_REFUSED', 'CREDENTIALS_REFUSED', 'TOKEN_REFUSED', 'CREDENTIALS_REFUSED'],
      undefined,
    ],
  ])('is final or not if it comes %s', async (_, codes, attempt) => {
    const end = await endOf(codes);
    expect(end?.attempt).toBe(attempt);
    if (attempt) expect(end!.failure.type).toBe('OFFSET_UNKNOWN');
  });

  it('is believed only by so many equal ones in a row, whatever came before', async () => {
    const believedAt: Partial<Record<ErrorCode, number>> = {
      TOKEN_REFUSED: 3,
      CREDENTIALS_REFUSED: 3,
      OFFSET_UNKNOWN: 3,
      ANSWER_UNREADABLE: 6,
      SINK_SLOW: 2,
    };
    const passing = (Object.keys(errorCodes) as ErrorCode[]).filter((code) => errorCodes[code].retry);
    const code = fc.constantFrom(...passing, ...(Object.keys(believedAt) as ErrorCode[]));
    await fc.assert(
      fc.asyncProperty(fc.array(code, { minLength: maximumAttempts, maxLength: maximumAttempts }), async (codes) => {
        const { attempt, failure } = (await endOf(codes))!;
        const type = failure.type as ErrorCode;
        const least = believedAt[type];
        // The workflow acts on the type, even where the attempts have merely been used up.
        if (least) expect(codes.slice(attempt - least, attempt)).toEqual(Array(least).fill(type));
        else expect(attempt).toBe(maximumAttempts);
      }),
    );
  });

  it.each([undefined, null, 'text', 7, [], { code: 'OFFSET_UNKNOWN' }, { code: 'OFFSET_UNKNOWN', count: 'many' }])(
    'counts from one where the server hands on %j',
    async (details) => {
      const { left } = await failed(new TrawlError('OFFSET_UNKNOWN', 'Not known.', { hint: 'Wait.' }), 5, details);
      expect(left).toEqual({ code: 'OFFSET_UNKNOWN', count: 1 });
    },
  );

  it('that nobody foresaw breaks the row', async () => {
    const { left } = await failed(new Error('boom'), 3, { code: 'OFFSET_UNKNOWN', count: 2 });
    expect(left).toEqual({ code: 'UNEXPECTED', count: 1 });
  });
});
