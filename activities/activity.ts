import { TrawlError } from '../src/errors.js';
import { type ActivityInput, type ActivityName, activityInputs } from '../src/inputs/activities.js';
import { parsed } from '../src/inputs/parts.js';
import { asActivity } from './failure.js';

export type Activity<Name extends ActivityName, Result = unknown> = (input: ActivityInput<Name>) => Promise<Result>;

/**
 * An activity, which begins by parsing its input: whoever reaches the Temporal server can schedule one with any input,
 * past the workflow that would have looked at it.
 */
export function activity<Name extends ActivityName, Result>(
  name: Name,
  body: (input: ActivityInput<Name>) => Promise<Result>,
): Activity<Name, Result> {
  return (input) => asActivity(async () => body(parseInput(name, input)));
}

function parseInput<Name extends ActivityName>(name: Name, input: unknown): ActivityInput<Name> {
  const result = parsed<unknown>(activityInputs[name], input);
  if ('data' in result) return result.data as ActivityInput<Name>;
  throw new TrawlError('INPUT_INVALID', `The input of the activity ${name} does not fit (${result.problems}).`, {
    hint: 'Start its workflow, which sends what fits.',
  });
}
