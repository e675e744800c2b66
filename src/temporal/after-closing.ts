import type { InterceptingCall, Interceptor, InterceptorOptions } from '@grpc/grpc-js';

/** A call that never calls back and does not keep the process alive. */
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
 * The Temporal client retries a failed call from a timer. If the connection has been closed meanwhile, the retry throws
 * where nothing can catch it, which would end the process. This interceptor lets such a call hang instead. It must come
 * after the retrying interceptor.
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
