import type { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it } from 'vitest';
import { failureOf } from '../../activities/failure.js';
import { TrawlError } from '../../src/errors.js';
import { quietTemporal } from '../support/quiet.js';

async function failure(error: TrawlError, attempt = 1): Promise<ApplicationFailure> {
  quietTemporal();
  return (await new MockActivityEnvironment().run(async () =>
    failureOf(error, attempt),
  )) as unknown as ApplicationFailure;
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
      expect((await failure(unavailable(asked), attempt)).nextRetryDelay).toBe(waits);
    },
  );

  it('leaves the wait to the retry policy if none is requested', async () => {
    expect((await failure(unavailable())).nextRetryDelay).toBeUndefined();
  });

  it('treats an offset as unknown after three refusals in a row', async () => {
    const unknown = new TrawlError('OFFSET_UNKNOWN', 'Not known.', { hint: 'It is read again.' });
    expect((await failure(unknown, 2)).nonRetryable).toBe(false);
    expect((await failure(unknown, 3)).nonRetryable).toBe(true);
  });
});
