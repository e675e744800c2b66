import { ApplicationFailure } from '@temporalio/workflow';
import type { z } from 'zod';
import { parsed } from '../src/inputs/parts.js';

export {
  type CollectionInput,
  clearInput,
  collectionInput,
  collectorInput,
  offloadInput,
  sinkOffloadInput,
  variablesInput,
} from '../src/inputs/workflows.js';

/** Parses a workflow's input. An invalid one fails the run with a message that says what is expected; no retry. */
export function parseInput<T>(schema: z.ZodType<T>, input: unknown, example: string): T {
  const result = parsed(schema, input);
  if ('data' in result) return result.data;
  throw ApplicationFailure.create({
    message: `The input does not fit (${result.problems}). Start it with --input '${example}'.`,
    type: 'INPUT_INVALID',
    nonRetryable: true,
  });
}
