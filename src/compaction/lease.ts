import { randomUUID } from 'node:crypto';
import { TrawlError } from '../errors.js';
import { keepLease } from '../lease.js';
import type { CompactionLedger } from './manifest.js';

interface Leased {
  ledger: CompactionLedger;
  collector: string;
  sink: string;
  signal: AbortSignal;
}

const leaseMs = 30_000;

/**
 * Keeps other compactions of the same objects away meanwhile. The signal ends the work if the lease is lost, which can only
 * happen if this process did not come to renew it.
 * @throws TrawlError STORE_BUSY if another one is at work, or as `work` does
 */
export async function whileLeased(
  { ledger, collector, sink, signal }: Leased,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const sender = { id: `compaction/${randomUUID()}`, attempt: 1 };
  const lease = (ms: number) => ledger.leaseCompaction(collector, sink, sender, ms);
  if (!(await lease(leaseMs))) throw busy(collector, sink);
  const kept = keepLease(
    leaseMs,
    () => lease(leaseMs),
    () => busy(collector, sink),
  );
  try {
    await work(AbortSignal.any([signal, kept.lost]));
  } finally {
    await kept.end();
    // Otherwise it ends by itself.
    await lease(0).catch(() => undefined);
  }
}

function busy(collector: string, sink: string): TrawlError {
  return new TrawlError('STORE_BUSY', `Another compaction of ${collector} at ${sink} is at work.`, {
    hint: `Wait until it has ended; if it was killed, for ${leaseMs / 1_000} s.`,
  });
}
