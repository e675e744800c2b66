import { activityInfo } from '@temporalio/activity';
import { TrawlError } from '../src/errors.js';
import type { ActivityName } from '../src/inputs/activities.js';
import type { Dependencies } from './dependencies.js';

/** An input that may have keys of commands. */
interface WithKeys {
  collector: string;
  force?: boolean;
  keys?: readonly string[];
  command?: { keys: readonly string[] };
}

/**
 * A key makes a command take effect once, so whoever could use up the key of another run's command would undo it. An
 * activity takes the keys of the workflow that scheduled it. Those of a run that `trawl stop` has stopped come from a
 * workflow apart, whose name and type anyone can choose: they count only for what was sent to that run, and then carry it
 * out.
 * @throws TrawlError INPUT_INVALID; not retried. As the server does if it cannot say what was sent; retried.
 */
export async function requireOwnKeys(
  name: ActivityName,
  input: WithKeys,
  commandsSentTo: Dependencies['commandsSentTo'],
): Promise<void> {
  const keys = input.keys ?? input.command?.keys ?? [];
  const { workflowId = '', runId = '' } = activityInfo().workflowExecution ?? {};
  const others = keys.filter((key) => key !== `${workflowId}/${runId}` && runOf(key)?.workflowId !== workflowId);
  if (others.length === 0) return;
  if (commandsSentTo && (await wereSent(name, { ...input, keys: others }, commandsSentTo))) return;
  throw new TrawlError('INPUT_INVALID', 'A command names the key of another workflow.', {
    hint: 'Start the workflow resetCheckpoint or clearEvents, or send the signal, instead of scheduling the activity.',
  });
}

/** True if these are keys of commands that were sent to one run of the collection, and that this activity carries out. */
async function wereSent(
  name: ActivityName,
  { collector, force = false, keys }: WithKeys & { keys: readonly string[] },
  commandsSentTo: NonNullable<Dependencies['commandsSentTo']>,
): Promise<boolean> {
  const run = runOf(keys[0]!);
  if (!run) return false;
  const sent = await commandsSentTo(collector, run);
  // A run that is gone carries out nothing any more.
  if (sent === null) return keys.every((key) => runOf(key)?.prefix === run.prefix);
  const known = new Set(sent.flatMap((one) => (one.kind === name && one.force === force ? one.keys : [])));
  return keys.every((key) => known.has(key));
}

/** The run that the key of a command names; see `commandKey`. */
function runOf(key: string): { workflowId: string; runId: string; prefix: string } | undefined {
  const [, workflowId, runId] = /^(.+)\/([^/]+)\/\d+$/s.exec(key) ?? [];
  if (workflowId === undefined || runId === undefined) return undefined;
  return { workflowId, runId, prefix: `${workflowId}/${runId}` };
}
