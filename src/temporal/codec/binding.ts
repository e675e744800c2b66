import type { SerializationContext } from '@temporalio/common';
import { TrawlError } from '../../errors.js';

/** Where an encrypted payload belongs. Without a workflow it belongs anywhere in its namespace. */
export interface Binding {
  namespace: string;
  workflowId?: string;
}

/** What a Schedule appends to the id of each workflow that it starts. */
const scheduledTime = /-\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

/**
 * The binding of a payload that Temporal's SDK converts.
 *
 * The runs of a Schedule count as one workflow, just as those of a cron do: the Schedule passes the same input to each,
 * and the server passes the result of one to the next.
 *
 * @param namespace used where the SDK gives no context
 */
export function bindingOf(context: SerializationContext | undefined, namespace: string): Binding {
  const workflowId = context?.workflowId?.replace(scheduledTime, '');
  return { namespace: context?.namespace ?? namespace, ...(workflowId ? { workflowId } : {}) };
}

/**
 * Refuses a payload that belongs elsewhere. If either side has no workflow, the namespace alone counts.
 * @throws TrawlError PAYLOAD_UNREADABLE
 */
export function requireBelongs(payload: Binding, here: Binding): void {
  if (payload.namespace !== here.namespace) throw misplaced('namespace', payload.namespace, here.namespace);
  const [its, own] = [payload.workflowId, here.workflowId];
  if (its !== undefined && own !== undefined && its !== own) throw misplaced('workflow', its, own);
}

function misplaced(what: string, its: string, own: string): TrawlError {
  const [from, to] = [its, own].map((name) => JSON.stringify(name.slice(0, 200)));
  return new TrawlError(
    'PAYLOAD_UNREADABLE',
    `An encrypted payload was made for the ${what} ${from}, but stands in ${to}.`,
    {
      hint: 'Someone has copied it there. Find out who can change what the Temporal server holds, and start the workflow again.',
    },
  );
}
