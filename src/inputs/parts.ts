import { z } from 'zod';
import { expectedName, isName, type NameKind } from '../names.js';

/**
 * Schemas shared by the inputs of workflows and activities. This folder is bundled with the workflows, so nothing here
 * may depend on time, randomness or the machine.
 */

function name(kind: NameKind) {
  return z.string().refine((text) => isName(kind, text), `must be ${expectedName(kind)}`);
}

export const collector = name('collector');
export const sink = name('sink');
export const series = name('series');

/** RFC 3339. */
export const time = z.iso.datetime({ offset: true });

export const sinks = z.array(sink).min(1).max(100);

/** Settings of a collector for the Environment Variables table. */
export const variables = z.record(z.string(), z.string()).refine((rows) => Object.keys(rows).length > 0, {
  error: 'must name at least one',
});

export type Parsed<T> = { data: T } | { problems: string };

/** Parses an input. Problems name members and say what is expected, but never repeat a value, which may be secret. */
export function parsed<T>(schema: z.ZodType<T>, input: unknown): Parsed<T> {
  const { data, error } = schema.safeParse(input);
  if (!error) return { data: data as T };
  const problems = error.issues.map((issue) => `${issue.path.join('.') || 'input'}: ${issue.message}`);
  return { problems: problems.slice(0, problemsMax).join('; ') };
}

const problemsMax = 10;
