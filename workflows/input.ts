import { ApplicationFailure } from '@temporalio/workflow';
import { z } from 'zod';
import { clearOptions } from '../src/inputs/commands.js';
import { historyEventsMax } from './options.js';

const collector = z.string().min(1).max(63);

export const collectionInput = z.strictObject({
  collector,
  /** For tests: hand over, or continue as new, when the history has this many events. */
  historyEventsMax: z.int().min(20).max(40_000).default(historyEventsMax),
});
export type CollectionInput = z.infer<typeof collectionInput>;

const time = z.iso.datetime({ offset: true });

export const offloadInput = z.strictObject({
  collector,
  /** Only to these of its sinks. */
  sinks: z.array(z.string().min(1).max(32)).min(1).max(100).optional(),
  /** Empty for what has not been offloaded yet; else a repetition of a range of time, which has names of its own. */
  series: z
    .string()
    .regex(/^[a-z0-9-]{0,40}$/)
    .default(''),
  since: time.nullable().default(null),
  until: time.nullable().default(null),
  /** Also a batch that is not full and could wait for more. */
  now: z.boolean().default(false),
  /** How long one step sends batches before it tells how far it is; ms. */
  durationMaxMs: z.int().min(1).max(60_000).default(10_000),
  historyEventsMax: z.int().min(20).max(40_000).default(historyEventsMax),
});

export const collectorInput = z.strictObject({ collector });

export const clearInput = z.strictObject({ collector, ...clearOptions.shape });

export const variablesInput = z.strictObject({
  collector,
  variables: z.record(z.string(), z.string()).refine((rows) => Object.keys(rows).length > 0, 'must name at least one'),
});

/** Parses a workflow's input; a wrong one fails the run with what is expected, and is not retried. */
export function parseInput<T>(schema: z.ZodType<T>, input: unknown, example: string): T {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues
    .map((issue) => `${issue.path.join('.') || 'input'}: ${issue.message}`)
    .join('; ');
  throw ApplicationFailure.create({
    message: `The input does not fit (${problems}). Start it with --input '${example}'.`,
    type: 'INPUT_INVALID',
    nonRetryable: true,
  });
}
