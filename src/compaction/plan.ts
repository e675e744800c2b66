import type { BatchForm, WrittenObject } from '../batch.js';
import type { ListedBatch } from '../stores/offload.js';
import { epochNanoseconds } from '../timestamp.js';

/** An object, and the batches that list it, in the order of their numbers: several, if it is a merged one. */
export interface ListedObject {
  object: WrittenObject;
  batches: ListedBatch[];
}

/** Objects of one series, one folder and one form, one after the other: all that may become one. */
export interface Run {
  form: BatchForm;
  folder: string;
  objects: ListedObject[];
}

interface PlanBounds {
  /** Only whole days before this time; epoch nanoseconds. */
  beforeNs: bigint;
  /**
   * Only batches that were confirmed before this time; RFC 3339. Until then, a sender that has lost its lease may still
   * write their objects.
   */
  confirmedBefore: string;
}

interface Plan {
  runs: Run[];
  /** Number of objects left alone since their batch was confirmed too lately. */
  recent: number;
  /** Number of objects in a layout that is not Trawl's own. */
  foreign: number;
}

/** As much as a batch may have: whatever reads an object has to hold no more than before. */
export const objectMax = { events: 100_000, bytes: 64 * 1024 * 1024 };

const dayNs = 86_400_000_000_000n;

export function planOf(batches: readonly ListedBatch[], bounds: PlanBounds): Plan {
  const plan: Plan = { runs: [], recent: 0, foreign: 0 };
  const open = new Map<string, Run>();
  const end = (key: string) => {
    const run = open.get(key);
    if (run && run.objects.length > 1) plan.runs.push(run);
    open.delete(key);
  };
  for (const listed of listedObjects(batches)) {
    const { object, batches: own } = listed;
    const { series, form } = own[0]!;
    const day = dayOf(object.name);
    if (form.layout !== 'raw' || day === null) {
      plan.foreign += 1;
      continue;
    }
    if (day + dayNs > bounds.beforeNs) continue;
    const folder = folderOf(object.name);
    const key = JSON.stringify([series, folder, formKey(form)]);
    const isRecent = own.some(({ confirmedAt }) => confirmedAt >= bounds.confirmedBefore);
    if (isRecent) plan.recent += 1;
    if (isRecent || isLarge(object) || isOpen(object)) {
      // What comes after it goes into another object, so that each has events that follow each other.
      end(key);
      continue;
    }
    const run = open.get(key) ?? { form, folder, objects: [] };
    run.objects.push(listed);
    open.set(key, run);
  }
  for (const key of [...open.keys()]) end(key);
  return plan;
}

/** Each object once, in the order of its first batch. */
export function listedObjects(batches: readonly ListedBatch[]): ListedObject[] {
  const byName = new Map<string, ListedObject>();
  for (const batch of batches) {
    for (const object of batch.objects) {
      const known = byName.get(object.name);
      if (known) known.batches.push(batch);
      else byName.set(object.name, { object, batches: [batch] });
    }
  }
  return [...byName.values()];
}

/** Returns whether a compaction has begun with the object and not ended, or has left something that it replaces. */
function isOpen({ into, replaces }: WrittenObject): boolean {
  return into !== undefined || replaces !== undefined;
}

/** Half of the maximum: two of them need not fit into one. */
function isLarge({ events, bytes, plainBytes = 0 }: WrittenObject): boolean {
  return events >= objectMax.events / 2 || Math.max(bytes, plainBytes) >= objectMax.bytes / 2;
}

function dayOf(name: string): bigint | null {
  const day = /(?:^|\/)dt=(\d{4}-\d\d-\d\d)\/[^/]+$/.exec(name)?.[1];
  return day === undefined ? null : epochNanoseconds(`${day}T00:00:00Z`);
}

export function folderOf(name: string): string {
  return name.slice(0, name.lastIndexOf('/'));
}

function formKey(form: BatchForm): string {
  return JSON.stringify(Object.entries(form).sort(([a], [b]) => (a < b ? -1 : 1)));
}
