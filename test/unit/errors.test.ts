import { describe, expect, it } from 'vitest';
import { type ErrorCode, errorCodes, reasonOf, sentence, TrawlError } from '../../src/errors.js';

describe('an error', () => {
  it('is retried or not according to its code', () => {
    for (const code of Object.keys(errorCodes) as ErrorCode[]) {
      expect(new TrawlError(code, 'm', { hint: 'h' }).retry).toBe(errorCodes[code].retry);
    }
  });

  it.each<[ErrorCode, boolean]>([
    ['SETTINGS_INVALID', false],
    ['SECRET_REFUSED', false],
    ['CREDENTIALS_REFUSED', false],
    ['ACCESS_DENIED', false],
    ['NOT_FOUND', false],
    ['REQUEST_REFUSED', false],
    ['LINK_REFUSED', false],
    ['PAGE_TOO_LARGE', false],
    ['RATE_LIMITED', true],
    ['SOURCE_UNAVAILABLE', true],
    ['ANSWER_UNREADABLE', true],
    ['STORE_FULL', true],
    ['STORE_BUSY', true],
    ['STORE_NEWER', false],
  ])('%s: is retried: %s', (code, retry) => {
    expect(errorCodes[code].retry).toBe(retry);
  });

  it('may override the rule of its code', () => {
    expect(new TrawlError('STORE_FULL', 'm', { hint: 'h', retry: false }).retry).toBe(false);
    expect(new TrawlError('NOT_FOUND', 'm', { hint: 'h', retry: true }).retry).toBe(true);
  });

  it('carries message, hint, wait and cause', () => {
    const cause = new Error('below');
    const error = new TrawlError('RATE_LIMITED', 'Too many.', { hint: 'Wait.', retryAfterMs: 5, cause });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'TrawlError', code: 'RATE_LIMITED', retryAfterMs: 5, cause });
    expect(sentence(error)).toBe('Too many. Wait.');
    expect('cause' in new TrawlError('NOT_FOUND', 'm', { hint: 'h' })).toBe(false);
  });
});

describe('the reason of any thrown value', () => {
  it.each<[string, unknown, string]>([
    ['an error', new Error('one'), 'one'],
    ['its causes', new Error('one', { cause: new Error('two', { cause: 'three' }) }), 'one: two: three'],
    ['a cause that is null', new Error('one', { cause: null }), 'one'],
    ['an error without a message', new TypeError(''), 'TypeError'],
    ['a value that is not an error', 'text', 'text'],
    ['undefined', undefined, 'undefined'],
  ])('of %s', (_, thrown, reason) => {
    expect(reasonOf(thrown)).toBe(reason);
  });

  it('of an error without a message is its code, as for a connection refused on every address', () => {
    const refused = Object.assign(new AggregateError([new Error('a'), new Error('b')]), { code: 'ECONNREFUSED' });
    expect(reasonOf(new Error('fetch failed', { cause: refused }))).toBe('fetch failed: ECONNREFUSED');
  });
});
