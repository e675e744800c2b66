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
