import { activityInfo } from '@temporalio/activity';
import { TrawlError } from '../src/errors.js';
import { keepLease } from '../src/lease.js';
import type { FixedBatch, OffloadStore, Sender } from '../src/stores/offload.js';

/** The attempt of the activity that is running. */
export function currentSender(): Sender {
  const { workflowExecution, activityId, attempt } = activityInfo();
  return { id: `${workflowExecution?.runId ?? ''}/${activityId}`, attempt };
}

/** Who sends, and for how long a batch is its own. */
export interface Sending {
  ledger: OffloadStore;
  sender: Sender;
  leaseMs: number;
}

/**
 * Keeps a batch for its sender while it is being sent, and gives it back if that fails. Stops sending when another sender
 * has taken the batch over, which can only happen if this process did not come to renew its lease.
 * @throws TrawlError STORE_BUSY when that happens, or as `send` does
 */
export async function whileLeased<T>(
  { ledger, sender, leaseMs }: Sending,
  batch: FixedBatch,
  send: (lost: AbortSignal) => Promise<T>,
): Promise<T> {
  const { lost, end } = keepLease(
    leaseMs,
    () => ledger.renewLease(batch, sender, leaseMs),
    () => takenOver(batch),
  );
  try {
    return await send(lost);
  } catch (error) {
    await end();
    // Otherwise it ends by itself.
    await ledger.renewLease(batch, sender, 0).catch(() => undefined);
    throw lost.aborted ? takenOver(batch) : error;
  } finally {
    void end();
  }
}

export function takenOver({ number }: FixedBatch): TrawlError {
  return new TrawlError('STORE_BUSY', `Another attempt is sending batch ${number} now.`, {
    hint: 'That attempt continues with it.',
  });
}
