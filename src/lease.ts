import type { TrawlError } from './errors.js';

/** How often a lease is renewed, or asked for by those who wait for it. */
export function leaseStepMs(leaseMs: number): number {
  return leaseMs / 5;
}

interface KeptLease {
  /** Aborted if the lease is lost, which can only happen if this process did not come to renew it. */
  lost: AbortSignal;
  /** Renews no more. Resolves when a renewal under way has ended. */
  end(): Promise<void>;
}

/**
 * Renews a lease until `end` is called.
 * @param renew returns false if somebody else has the lease
 * @param lostError the reason of `lost`
 */
export function keepLease(leaseMs: number, renew: () => Promise<boolean>, lostError: () => TrawlError): KeptLease {
  const lost = new AbortController();
  let renewing: Promise<void> | undefined;
  const renewed = async () => {
    // If the store does not answer, nobody else gets the lease either.
    const kept = await renew().catch(() => true);
    renewing = undefined;
    if (!kept) lost.abort(lostError());
  };
  const timer = setInterval(() => {
    renewing ??= renewed();
  }, leaseStepMs(leaseMs));
  return {
    lost: lost.signal,
    async end() {
      clearInterval(timer);
      await renewing;
    },
  };
}
