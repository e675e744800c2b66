import { TrawlError } from '../src/errors.js';
import { type ActivityInput, type ActivityName, activityInputs } from '../src/inputs/activities.js';
import { parsed } from '../src/inputs/parts.js';
import type { SigningGate } from './anchors.js';
import type { Dependencies } from './dependencies.js';
import { asActivity } from './failure.js';
import { requireOwnKeys } from './own-keys.js';

export type Activity<Name extends ActivityName, Result = unknown> = (input: ActivityInput<Name>) => Promise<Result>;

/**
 * Makes an activity that parses its input first. Anyone with access to the Temporal server can schedule an activity
 * with any input, bypassing the workflow that would have checked it.
 */
export function activity<Name extends ActivityName, Result>(
  name: Name,
  body: (input: ActivityInput<Name>) => Promise<Result>,
  { commandsSentTo, signing }: Pick<Dependencies, 'commandsSentTo'> & { signing?: SigningGate },
): Activity<Name, Result> {
  return (input) =>
    asActivity(async () => {
      const data = parseInput(name, input);
      await requireOwnKeys(name, data, commandsSentTo);
      await signing?.ask(data.collector);
      return body(data);
    });
}

function parseInput<Name extends ActivityName>(name: Name, input: unknown): ActivityInput<Name> {
  const result = parsed<unknown>(activityInputs[name], input);
  if ('data' in result) return result.data as ActivityInput<Name>;
  throw new TrawlError('INPUT_INVALID', `The input of the activity ${name} does not fit (${result.problems}).`, {
    hint: 'Start its workflow instead, which sends valid input.',
  });
}
