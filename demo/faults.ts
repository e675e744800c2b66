import { z } from 'zod';
import { Random } from './random.js';

export const faultKinds = [
  'status',
  'html',
  'truncated',
  'reset',
  'reset-before',
  'stall',
  'empty',
  'empty-json',
  'null-list',
  'wrong-content-type',
  'oversize',
  'garbage-utf8',
  'token-expired',
] as const;

/** A fault as callers and `POST /demo/faults` specify it. */
export const faultSchema = z
  .strictObject({
    /** The kind of fault: `status` answers with an error; the others spoil a 200 but keep its Link header. */
    kind: z.enum(faultKinds),
    /** The most times that it happens. Default: once, or without limit if `every` or `probability` is given. */
    times: z.int().min(1).optional(),
    /** Hits every n-th request that it could hit; 1: all. */
    every: z.int().min(1).optional(),
    /** Hits this share of the requests that it could hit. */
    probability: z.number().min(0).max(1).optional(),
    /** Number of requests that succeed first. */
    after: z.int().min(0).optional(),
    /** The requests that it can hit. Default: `audits`. */
    target: z.enum(['token', 'audits', 'any']).optional(),
    /** For `status`, where it is required. */
    status: z.int().min(400).max(599).optional(),
    /** For `status`: the code in the body. Default: the usual one for the status. */
    code: z.string().optional(),
    /** For `status`: the header Retry-After, in seconds or as a date. */
    retryAfter: z.union([z.string(), z.int()]).optional(),
    /** For `status`: false omits the X-RateLimit headers. A 429 with these headers says that nothing remains. */
    rateLimitHeaders: z.boolean().optional(),
    /** For `status` 429: the time from now to X-RateLimit-Reset. Default: 1,000. */
    resetInMs: z.int().min(0).optional(),
    /** For `stall`: length of the silence before the rest follows. Default: until the client gives up. */
    ms: z.int().min(0).optional(),
    /** For `oversize`: the body is longer than this. Default: 64 MiB. */
    bytes: z.int().min(1).optional(),
  })
  .refine(({ kind, status }) => (kind === 'status') === (status !== undefined), {
    path: ['status'],
    message: 'is required for the kind "status", and allowed only there',
  });

export type Fault = z.infer<typeof faultSchema>;
export type FaultTarget = 'token' | 'audits';

interface Planned {
  fault: Fault;
  /** Requests that it could have hit since it was added. */
  seen: number;
  /** Number of times that it has happened. */
  happened: number;
  timesMax: number;
}

/**
 * Decides what goes wrong, and when. A fault hits only requests that would otherwise get a 200, so a test can rely on
 * its numbers. If several faults are due at once, the one that was added first happens.
 */
export class FaultPlan {
  readonly #random: Random;
  #planned: Planned[] = [];

  constructor(seed: number) {
    this.#random = new Random(seed, 0, 0xfa17);
  }

  /** @throws ZodError if the fault is invalid. */
  add(fault: Fault): void {
    const valid = faultSchema.parse(fault);
    const once = valid.every === undefined && valid.probability === undefined;
    this.#planned.push({
      fault: valid,
      seen: 0,
      happened: 0,
      timesMax: valid.times ?? (once ? 1 : Number.POSITIVE_INFINITY),
    });
  }

  clear(): void {
    this.#planned = [];
  }

  /** The fault that hits this request, if any. */
  take(target: FaultTarget): Fault | undefined {
    const due = this.#planned.filter((planned) => this.#isDue(planned, target));
    const first = due[0];
    if (first) first.happened += 1;
    return first?.fault;
  }

  /** The planned faults, and how often each has happened so far. */
  list(): { fault: Fault; seen: number; happened: number }[] {
    return this.#planned.map(({ fault, seen, happened }) => ({ fault: { ...fault }, seen, happened }));
  }

  #isDue(planned: Planned, target: FaultTarget): boolean {
    const { fault } = planned;
    const wanted = fault.target ?? 'audits';
    if (wanted !== 'any' && wanted !== target) return false;
    if (planned.happened >= planned.timesMax) return false;
    planned.seen += 1;
    const nth = planned.seen - (fault.after ?? 0);
    if (nth < 1) return false;
    if (fault.every !== undefined && nth % fault.every !== 0) return false;
    return fault.probability === undefined || this.#random.chance(fault.probability);
  }
}
