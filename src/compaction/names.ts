import { createHash } from 'node:crypto';
import type { ListedObject } from './plan.js';
import { folderOf } from './plan.js';

/**
 * The name of a merged object: the numbers of its batches and of their events, and a digest of the names of the objects that
 * it is made of. It sorts where they did, and is the same on every attempt.
 */
export function mergedName(objects: readonly ListedObject[], extension: string): string {
  const batches = objects.flatMap((one) => one.batches);
  const [first, last] = [batches[0]!, batches.at(-1)!];
  const digits = (count: number) => String(count).padStart(12, '0');
  const names = JSON.stringify(objects.map(({ object }) => object.name));
  const digest = createHash('sha256').update(names).digest('hex').slice(0, 16);
  const numbers = [first.number, last.number, first.firstSeq, last.lastSeq].map(digits);
  const series = first.series === '' ? [] : [first.series];
  return `${folderOf(objects[0]!.object.name)}/${[...series, ...numbers, digest].join('-')}.${extension}`;
}
