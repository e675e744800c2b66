import { describe, expect, it } from 'vitest';
import { ask, statusError, unreadable } from '../../../src/sinks/http-answer.js';
import { httpClient, receiver, text } from './support.js';

describe('a request to a sink', () => {
  it('sends bytes as they are', async () => {
    const { url, seen } = await receiver(text(200, ''));
    const body = Uint8Array.from([0, 255, 10, 13]);
    await ask(httpClient(), { method: 'POST', url, headers: {}, body }, 'X');
    expect(seen[0]!.bytes).toEqual(Buffer.from(body));
  });

  it('that takes longer than it may is slow, and what to set is named', async () => {
    const { url } = await receiver(() => undefined);
    const slow = ask(httpClient(), { method: 'POST', url, headers: {}, answerMaxMs: 100 }, 'X');
    await expect(slow).rejects.toMatchObject({
      code: 'SINK_SLOW',
      retry: true,
      message: expect.stringContaining('within 0.1 s'),
      hint: expect.stringContaining('timeoutSeconds'),
    });
  });

  it('ends with the reason of its signal', async () => {
    const controller = new AbortController();
    const reason = new Error('the worker shuts down');
    const { url } = await receiver(() => controller.abort(reason));
    const request = { method: 'POST', url, headers: {}, signal: controller.signal } as const;
    await expect(ask(httpClient(), request, 'X')).rejects.toBe(reason);
  });
});

describe('an error of a sink', () => {
  const answer = (status: number) => ({ status, headers: {}, body: Buffer.from('marked-event') });

  it.each([100, 304, 418, 451, 501, 599])('exists for status %i too', (status) => {
    const error = statusError(answer(status), 'X at h');
    expect(error.message).toBe(`X at h answered ${status}.`);
    expect(error.code).toBe(status >= 500 ? 'SINK_UNAVAILABLE' : 'SINK_REFUSED');
  });

  it("has the sink's more specific hint", () => {
    expect(statusError(answer(400), 'X', { 400: 'Do that.' }).hint).toBe('Do that.');
  });

  it('says that an unreadable answer confirms nothing', () => {
    expect(unreadable('X', 'HTML or XML').message).toBe('The answer from X is HTML or XML, so nothing is confirmed.');
  });
});
