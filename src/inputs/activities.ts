import { z } from 'zod';
import { commandKinds } from './commands.js';
import { collector, series, sink, sinks, time, variables } from './parts.js';

/**
 * Inputs of the activities, which Temporal's history stores: references, counts and offsets, never events or secrets.
 * A running workflow may send the inputs of an earlier version of this file, and a newer one may send more. So a member
 * is never removed or made stricter, and unknown members are ignored.
 */

const count = z.int().min(0);

/** The source's own text; empty for the oldest event that the source still holds. */
const offset = z.string().max(65_536);

/** Key of a staged page or of a command, unique in the store. */
const key = z.string().min(1).max(2_000);

/** Position at which a walk reads next. */
const pageStart = z.object({ offset, generation: count });
export type PageStart = z.infer<typeof pageStart>;

/** The start of a recurring run: its cron if known, otherwise the time it was due. */
const recurrence = z.union([z.object({ cron: z.string().max(10_000) }), z.object({ scheduledAt: time })]);
export type Recurrence = z.infer<typeof recurrence>;

/** A page that is staged in the store. */
const pageRef = z.object({
  key,
  offset,
  /** The offset to continue from: after this page, or at this page again if it may still fill. */
  nextOffset: offset,
  /** True if the source had more events at `nextOffset`. */
  more: z.boolean(),
  generation: count,
  events: count,
  rejected: count,
  /** Set if the source's retention deleted events before this page. */
  gap: z.exactOptional(z.object({ from: z.string().max(100), to: z.string().max(100) })),
  /** A warning about this page for a person. */
  warning: z.exactOptional(z.string()),
  /** Why the walk ends after this page although the source has more. */
  notCaughtUp: z.exactOptional(z.string()),
});
export type PageRef = z.infer<typeof pageRef>;

const pages = z.object({ collector, pages: z.array(pageRef).max(10_000) });
export type PagesInput = z.infer<typeof pages>;

/**
 * One key for each command. Each key takes effect once, and leaves a line in the execution log. A server accepts 10,000
 * signals for a run, and a walk may carry as many over from the run before it.
 */
const keys = z.array(key).min(1).max(20_000);

const command = z.object({ collector, keys });

const onlyCollector = z.object({ collector });

/** The input of each activity, by its name. */
export const activityInputs = {
  getLastCheckpoint: z.object({
    collector,
    /** Absent if the run was started by hand. */
    recurrence: z.exactOptional(recurrence),
  }),
  planOffload: z.object({
    collector,
    /** Restricts the plan to these sinks of the collector. */
    sinks: z.exactOptional(sinks),
  }),
  offloadBatches: z.object({
    collector,
    sink,
    /** Empty for ordinary offloading, otherwise the name of a repetition. */
    series,
    /** Time range of a repetition, excluding `until`. */
    since: time.nullable(),
    until: time.nullable(),
    /** Also sends a partial batch that could wait for more events. */
    now: z.boolean(),
    durationMaxMs: z.int().min(1).max(600_000),
  }),
  applyRetention: onlyCollector,
  fetchPages: z.object({
    collector,
    from: pageStart,
    /** Digest of the first page when it was last read. If it is unchanged and the last page, nothing is staged. */
    knownDigest: z.string().max(200),
    /** The activity returns its pages when it reaches one of these limits. */
    pagesMax: z.int().min(1).max(10_000),
    eventsMax: z.int().min(1).max(10_000_000),
    bytesMax: z
      .int()
      .min(1)
      .max(2 ** 31),
    durationMaxMs: z.int().min(1).max(600_000),
    /** Number of empty pages in a row that the walk has read before `from`. */
    emptyBefore: z.exactOptional(count),
  }),
  enrichPages: pages,
  writePages: pages,
  writeExecutionLog: z.object({
    collector,
    /** The failure of the run or the command; absent if the run found nothing new. */
    failure: z.exactOptional(z.string()),
    /** Set if a command failed for good. */
    command: z.exactOptional(z.object({ kind: z.enum(commandKinds), keys })),
    /** Name of a signal that the run ignored, since it knows none of that name. */
    ignoredSignal: z.exactOptional(z.string()),
  }),
  resetCheckpoint: command,
  clearEvents: z.object({
    ...command.shape,
    /** Also clears events that a sink lacks. */
    force: z.exactOptional(z.boolean()),
  }),
  rewindCheckpoint: z.object({ collector, from: pageStart }),
  setEnvironmentVariables: z.object({ collector, variables }),
} as const;

export type ActivityName = keyof typeof activityInputs;
export type ActivityInput<Name extends ActivityName> = z.infer<(typeof activityInputs)[Name]>;
