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

/** A fault as callers and `POST /demo/faults` give it. */
export const faultSchema = z
  .strictObject({
    /** What goes wrong: `status` answers an error; the others spoil an answer of 200, whose Link header stays. */
    kind: z.enum(faultKinds),
    /** How often at most. Default: once, or without end where `every` or `probability` is given. */
    times: z.int().min(1).optional(),
    /** Every n-th request that could be hit; 1: all. */
    every: z.int().min(1).optional(),
    /** The share of the requests that could be hit. */
    probability: z.number().min(0).max(1).optional(),
    /** How many requests go well first. */
    after: z.int().min(0).optional(),
    /** Which requests could be hit. Default: `audits`. */
    target: z.enum(['token', 'audits', 'any']).optional(),
    /** For `status`, and needed there. */
    status: z.int().min(400).max(599).optional(),
    /** For `status`: the code in the body. Default: the usual one of the status. */
    code: z.string().optional(),
    /** For `status`: the header Retry-After, in seconds or as a date. */
    retryAfter: z.union([z.string(), z.int()]).optional(),
    /** For `status`: false leaves the X-RateLimit headers away. A 429 that has them says that nothing remains. */
    rateLimitHeaders: z.boolean().optional(),
    /** For `status` 429: when X-RateLimit-Reset is, from now. Default: 1,000. */
    resetInMs: z.int().min(0).optional(),
    /** For `stall`: how long the silence lasts before the rest follows. Default: until the client gives up. */
    ms: z.int().min(0).optional(),
    /** For `oversize`: the body is longer than this. Default: 64 MiB. */
    bytes: z.int().min(1).optional(),
  })
  .refine(({ kind, status }) => (kind === 'status') === (status !== undefined), {
    path: ['status'],
    message: 'stands with the kind "status", and only there',
  });

export type Fault = z.infer<typeof faultSchema>;
export type FaultTarget = 'token' | 'audits';

interface Planned {
  fault: Fault;
  /** Requests that could have been hit, since it was added. */
  seen: number;
  /** How often it happened. */
  happened: number;
  timesMax: number;
}

/**
 * What goes wrong, and when. Only requests that would have been answered with 200 can be hit, so a test can count on
 * its numbers; of several faults that are due at once the one that was added first happens.
 */
export class FaultPlan {
  readonly #random: Random;
  #planned: Planned[] = [];

  constructor(seed: number) {
    this.#random = new Random(seed, 0, 0xfa17);
  }

  /** @throws ZodError where the fault is not valid. */
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

  /** The fault that hits this request. */
  take(target: FaultTarget): Fault | undefined {
    const due = this.#planned.filter((planned) => this.#isDue(planned, target));
    const first = due[0];
    if (first) first.happened += 1;
    return first?.fault;
  }

  /** What is planned, and how often each happened so far. */
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
