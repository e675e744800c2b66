import { z } from 'zod';
import { commandKinds } from './commands.js';
import { collector, series, sink, sinks, time, variables } from './parts.js';

/**
 * What goes from workflows to activities, and so into Temporal's history: references, counts and offsets, never an event
 * and never a secret. A running workflow may have sent what an earlier version of this file says, and a newer one may
 * send more: a member is never taken away or made narrower, and one that is not known here is passed over.
 */

const count = z.int().min(0);

/** A source's own text: empty at the start of what the source still holds. */
const offset = z.string().max(65_536);

/** The key of a staged page or of a command: once in the store. */
const key = z.string().min(1).max(2_000);

/** Where a walk reads next. */
const position = z.object({ offset, generation: count });
export type WalkPosition = z.infer<typeof position>;

/** What made a run begin by itself: the cron, as far as it is known, or else when it was due. */
const recurrence = z.union([z.object({ cron: z.string().max(10_000) }), z.object({ scheduledAt: time })]);
export type Recurrence = z.infer<typeof recurrence>;

/** A page that is staged in the store. */
const pageRef = z.object({
  key,
  offset,
  /** Where to read on: after this page, or at it once more where it may still fill. */
  nextOffset: offset,
  /** Whether the source had more, at `nextOffset`. */
  more: z.boolean(),
  generation: count,
  events: count,
  rejected: count,
  /** Set where events before it were lost to the source's retention. */
  gap: z.exactOptional(z.object({ from: z.string().max(100), to: z.string().max(100) })),
  /** Set where a person should know something of it. */
  warning: z.exactOptional(z.string()),
});
export type PageRef = z.infer<typeof pageRef>;

const pages = z.object({ collector, pages: z.array(pageRef).max(10_000) });
export type PagesInput = z.infer<typeof pages>;

/** One for each command asked for: the same key takes effect once. */
const keys = z.array(key).min(1).max(100_000);

const command = z.object({ collector, keys });

const onlyCollector = z.object({ collector });

/** The input of each activity, by its name. */
export const activityInputs = {
  getLastCheckpoint: z.object({
    collector,
    /** Left out where the run was asked for by hand. */
    recurrence: z.exactOptional(recurrence),
  }),
  planOffload: z.object({
    collector,
    /** Only to these of its sinks. */
    sinks: z.exactOptional(sinks),
  }),
  offloadBatches: z.object({
    collector,
    sink,
    /** Empty for the offloading itself, else the name of a repetition. */
    series,
    /** Of a repetition: events of this time; the end not among them. */
    since: time.nullable(),
    until: time.nullable(),
    /** Also a batch that is not full and could wait. */
    now: z.boolean(),
    durationMaxMs: z.int().min(1).max(600_000),
  }),
  applyRetention: onlyCollector,
  fetchPages: z.object({
    collector,
    from: position,
    /** Digest of the first page when it was read last: if it is still the same and the last, nothing is staged. */
    knownDigest: z.string().max(200),
    /** An activity hands on what it has when it reaches one of these. */
    pagesMax: z.int().min(1).max(10_000),
    eventsMax: z.int().min(1).max(10_000_000),
    bytesMax: z
      .int()
      .min(1)
      .max(2 ** 31),
    durationMaxMs: z.int().min(1).max(600_000),
  }),
  enrichPages: pages,
  writePages: pages,
  writeExecutionLog: z.object({
    collector,
    /** How the run failed, or the command; left out where the run found nothing new. */
    failure: z.exactOptional(z.string()),
    /** Set where it is a command that failed for good. */
    command: z.exactOptional(z.object({ kind: z.enum(commandKinds), keys })),
  }),
  resetCheckpoint: command,
  clearEvents: z.object({
    ...command.shape,
    /** Also events that a sink lacks. */
    force: z.exactOptional(z.boolean()),
  }),
  rewindCheckpoint: z.object({ collector, from: position }),
  setEnvironmentVariables: z.object({ collector, variables }),
} as const;

export type ActivityName = keyof typeof activityInputs;
export type ActivityInput<Name extends ActivityName> = z.infer<(typeof activityInputs)[Name]>;
