import type { BatchForm } from '../batch.js';
import { TrawlError } from '../errors.js';
import type { BatchWanted } from './offload.js';

/** How many of the events that follow make a batch; 0 where they are left to become more. */
export function countOf(
  following: readonly { bytes: number; collectedAt: string }[],
  { eventsMax, bytesMax, partOnlyBefore }: BatchWanted,
): number {
  let bytes = 0;
  let count = 0;
  for (const event of following) {
    bytes += event.bytes;
    if (count > 0 && bytes > bytesMax) return count;
    count += 1;
  }
  const isPart = count < eventsMax;
  if (isPart && count > 0 && partOnlyBefore !== null && following[0]!.collectedAt >= partOnlyBefore) return 0;
  return count;
}

/**
 * A batch keeps the form that it was fixed with, so that it is sent as it was. Only where its sink has become one of
 * another kind since, which writes files or no longer does, nothing at the new place is overwritten by a new form.
 */
export function formToSend(fixed: BatchForm, wanted: BatchForm): BatchForm {
  return (fixed.format === '') === (wanted.format === '') ? fixed : wanted;
}

/** @throws TrawlError SETTINGS_INVALID: the cursor of the name stands behind events of the other range. */
export function requireSameRange(
  { series, range }: BatchWanted,
  before: { sinceNs: string | null; untilNs: string | null },
): void {
  const textOf = (ns: bigint | null) => (ns === null ? null : String(ns));
  if (textOf(range.sinceNs) === before.sinceNs && textOf(range.untilNs) === before.untilNs) return;
  throw new TrawlError('SETTINGS_INVALID', `The repetition ${series} was begun for another range of time.`, {
    hint: 'Give it another name, or the same times as before.',
  });
}
