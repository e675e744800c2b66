import { z } from 'zod';
import { clearOptions } from './commands.js';
import { collector, series, sinks, time, variables } from './parts.js';

/** A run hands over (or a walk continues as new) when its history has this many events. */
const historyEventsMax = z.int().min(20).max(40_000).default(3_000);

export const collectionInput = z.strictObject({
  collector,
  /** For tests: hand over, or continue as new, when the history has this many events. */
  historyEventsMax,
});
export type CollectionInput = z.infer<typeof collectionInput>;

export const offloadInput = z.strictObject({
  collector,
  /** Only to these of its sinks. */
  sinks: sinks.optional(),
  /** Empty for what has not been offloaded yet; else a repetition of a range of time, which has names of its own. */
  series: series.default(''),
  since: time.nullable().default(null),
  until: time.nullable().default(null),
  /** Also a batch that is not full and could wait for more. */
  now: z.boolean().default(false),
  /** How long one step sends batches before it tells how far it is; ms. */
  durationMaxMs: z.int().min(1).max(60_000).default(10_000),
  historyEventsMax,
});

export const collectorInput = z.strictObject({ collector });

export const clearInput = z.strictObject({ collector, ...clearOptions.shape });

export const variablesInput = z.strictObject({ collector, variables });
