import type { InterceptingCall, InterceptorOptions } from '@grpc/grpc-js';
import { Metadata } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { ignoreRetriesAfterClosing } from '../../src/temporal/after-closing.js';

const options = () => ({}) as InterceptorOptions;
const call = {} as InterceptingCall;
const closed = () => {
  throw new Error('Channel has been shut down');
};

describe('a call to the Temporal server', () => {
  it('succeeds, and throws as usual if the connection was closed before', () => {
    const intercept = ignoreRetriesAfterClosing();
    expect(intercept(options(), () => call)).toBe(call);
    expect(() => intercept(options(), closed)).toThrow('shut down');
  });

  it('that is retried after the connection was closed never ends and never throws', () => {
    const intercept = ignoreRetriesAfterClosing();
    const one = options();
    intercept(one, () => call);
    const again = intercept(one, closed);
    again.start(new Metadata(), { onReceiveStatus: () => expect.unreachable() });
    again.sendMessage('message');
    again.halfClose();
    again.cancelWithStatus(1, 'over');
    expect(() => intercept(one, () => expect.unreachable())).toThrow('reach');
  });
});
