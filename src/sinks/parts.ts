export interface PartBounds {
  bytesMax: number;
  eventsMax?: number;
}

/**
 * Cuts a batch into requests, in order. An item that is over the bound alone has a part of its own: whether it is too
 * large is for the sink to say.
 */
export function parts<T extends { bytes: number }>(items: readonly T[], bounds: PartBounds): T[][] {
  const { bytesMax, eventsMax = Number.POSITIVE_INFINITY } = bounds;
  const all: T[][] = [];
  let part: T[] = [];
  let bytes = 0;
  for (const item of items) {
    if (part.length > 0 && (bytes + item.bytes > bytesMax || part.length >= eventsMax)) {
      all.push(part);
      part = [];
      bytes = 0;
    }
    part.push(item);
    bytes += item.bytes;
  }
  return part.length > 0 ? [...all, part] : all;
}
