import type { InterceptingCall, Interceptor, InterceptorOptions } from '@grpc/grpc-js';

/** Calls nothing back, and keeps no process alive. */
const neverEnding = {
  start() {},
  sendMessage() {},
  sendMessageWithContext() {},
  startRead() {},
  halfClose() {},
  cancelWithStatus() {},
  getPeer: () => '',
  getAuthContext: () => null,
};

/**
 * The Temporal client tries a failed call again from a timer. Where the connection has been closed meanwhile, that throws
 * where nobody can catch it, which would end the process: such a call never ends instead. Goes behind the interceptor
 * that tries again.
 */
export function ignoreRetriesAfterClosing(): Interceptor {
  const begun = new WeakSet<InterceptorOptions>();
  return (options, nextCall) => {
    try {
      return nextCall(options) as InterceptingCall;
    } catch (error) {
      const isRetry = begun.has(options);
      if (isRetry && error instanceof Error && /shut ?down|closed/i.test(error.message))
        return neverEnding as unknown as InterceptingCall;
      throw error;
    } finally {
      begun.add(options);
    }
  };
}
