import type { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { Observer } from './observer.js';

/** Adds the collector and the page to every log line of an activity, and reports failed attempts to the observer. */
export function observingActivities(observer: Observer | undefined): ActivityInterceptorsFactory {
  return ({ info }: Context) => {
    let about: Record<string, unknown> = {};
    return {
      inbound: {
        async execute(input, next) {
          about = aboutOf(input.args[0]);
          try {
            return await next(input);
          } catch (error) {
            if (error instanceof ApplicationFailure)
              observer?.failure(String(about.collector ?? ''), info.activityType, error.type ?? 'UNEXPECTED');
            throw error;
          }
        },
      },
      outbound: {
        getLogAttributes: (attributes, next) => next({ ...attributes, ...about }),
      },
    };
  };
}

/** Log attributes from an activity's input: the collector, and the offset of the first page. */
function aboutOf(input: unknown): Record<string, unknown> {
  const { collector, from, pages } = (input ?? {}) as {
    collector?: unknown;
    from?: { offset?: unknown };
    pages?: readonly { offset?: unknown }[];
  };
  const page = from?.offset ?? pages?.[0]?.offset;
  return { ...(collector === undefined ? {} : { collector }), ...(page === undefined ? {} : { page }) };
}
