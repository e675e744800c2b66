import {
  ContinueAsNew,
  getCurrentDetails,
  isCancellation,
  setCurrentDetails,
  type WorkflowInterceptors,
} from '@temporalio/workflow';
import { failureCode, failureSentence } from './failure.js';

/**
 * Puts why a run failed, and what to do, before what its current details said last: the Temporal UI shows them above the
 * history. Part of the bundle (scripts/build.mjs), so that it holds for each workflow type and for an invalid input too.
 */
export function interceptors(): WorkflowInterceptors {
  return {
    inbound: [
      {
        async execute(input, next) {
          try {
            return await next(input);
          } catch (error) {
            if (!(error instanceof ContinueAsNew) && !isCancellation(error)) setCurrentDetails(withFailure(error));
            throw error;
          }
        },
      },
    ],
  };
}

function withFailure(error: unknown): string {
  const code = failureCode(error);
  const why = `**Failed**${code ? ` [${code}]` : ''}: ${failureSentence(error)}`;
  return [why, getCurrentDetails()].filter((text) => text).join('\n\n');
}
