import { z } from 'zod';
import { clearOptions } from './commands.js';
import { collector, series, sink, sinks, time, variables } from './parts.js';

/** Number of history events at which a run hands over, or a walk continues as new. */
const historyEventsMax = z.int().min(20).max(40_000).default(3_000);

export const collectionInput = z.strictObject({
  collector,
  /** Lets tests force a hand-over or continue-as-new. */
  historyEventsMax,
});
export type CollectionInput = z.infer<typeof collectionInput>;

export const offloadInput = z.strictObject({
  collector,
  /** Restricts the offloading to these sinks of the collector. */
  sinks: sinks.optional(),
  /** Empty for ordinary offloading; otherwise the name of a repetition of a time range. */
  series: series.default(''),
  since: time.nullable().default(null),
  until: time.nullable().default(null),
  /** Also sends a partial batch that could wait for more events. */
  now: z.boolean().default(false),
  /** The time for which one step sends batches before it reports progress; ms. */
  durationMaxMs: z.int().min(1).max(60_000).default(10_000),
  historyEventsMax,
});

/** Input of `offloadToSink`: that of \`offloadEvents\` for one sink. */
export const sinkOffloadInput = offloadInput.omit({ sinks: true }).extend({ sink });

export const collectorInput = z.strictObject({ collector });

export const clearInput = z.strictObject({ collector, ...clearOptions.shape });

export const variablesInput = z.strictObject({ collector, variables });

/** The workflow types, which workflows/index.ts exports. */
export const workflowTypes = [
  'recurringAuditCollection',
  'auditWalk',
  'offloadEvents',
  'offloadToSink',
  'resetCheckpoint',
  'clearEvents',
  'setEnvironmentVariables',
] as const;
