import { activityInfo } from '@temporalio/activity';
import { TrawlError } from '../src/errors.js';
import { type ActivityInput, type ActivityName, activityInputs } from '../src/inputs/activities.js';
import { parsed } from '../src/inputs/parts.js';
import { asActivity } from './failure.js';

export type Activity<Name extends ActivityName, Result = unknown> = (input: ActivityInput<Name>) => Promise<Result>;

/**
 * Makes an activity that parses its input first. Anyone with access to the Temporal server can schedule an activity
 * with any input, bypassing the workflow that would have checked it.
 */
export function activity<Name extends ActivityName, Result>(
  name: Name,
  body: (input: ActivityInput<Name>) => Promise<Result>,
): Activity<Name, Result> {
  return (input) =>
    asActivity(async () => {
      const data = parseInput(name, input);
      requireOwnKeys(data as WithKeys);
      return body(data);
    });
}

interface WithKeys {
  keys?: readonly string[];
  command?: { keys: readonly string[] };
}

/**
 * A key makes a command take effect once, so whoever could use up the key of another run's command would undo it. The
 * workflow of commands that `trawl stop` took from a waiting run is named after that run and the last of them.
 */
function requireOwnKeys({ keys: given, command }: WithKeys): void {
  const keys = given ?? command?.keys ?? [];
  const { workflowId = '', runId = '' } = activityInfo().workflowExecution ?? {};
  const [, stopped, run, nth] = partsOf(keys.at(-1) ?? '');
  const isApart = workflowId.startsWith(`${stopped}-`) && workflowId.endsWith(`-${run}-${nth}`);
  const isOwn = (key: string) => {
    const [, workflow, ofRun] = partsOf(key);
    return (
      key === `${workflowId}/${runId}` || workflow === workflowId || (isApart && workflow === stopped && ofRun === run)
    );
  };
  if (keys.every(isOwn)) return;
  throw new TrawlError('INPUT_INVALID', 'A command names the key of another workflow.', {
    hint: 'Start the workflow resetCheckpoint or clearEvents, or send the signal, instead of scheduling the activity.',
  });
}

/** Workflow, run and number of a command; see `commandKey`. */
function partsOf(key: string): readonly (string | undefined)[] {
  return /^(.+)\/([^/]+)\/(\d+)$/s.exec(key) ?? [];
}

function parseInput<Name extends ActivityName>(name: Name, input: unknown): ActivityInput<Name> {
  const result = parsed<unknown>(activityInputs[name], input);
  if ('data' in result) return result.data as ActivityInput<Name>;
  throw new TrawlError('INPUT_INVALID', `The input of the activity ${name} does not fit (${result.problems}).`, {
    hint: 'Start its workflow instead, which sends valid input.',
  });
}
