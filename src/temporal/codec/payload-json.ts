import type { Payload } from '@temporalio/common';
import { z } from 'zod';
import { Refusal } from '../../http/refusal.js';

const payloadsMax = 10_000;
/** Twenty for each payload; one of this project has eight. */
const marksMax = 20 * payloadsMax;
const marks: ReadonlySet<number> = new Set(Buffer.from('{[,'));

const tooMany = () => new Refusal(413, `A request may have ${payloadsMax} payloads at most.`);

/**
 * Counts the values of JSON while its bytes arrive: millions of them fit into a body of few megabytes, and each costs
 * memory once it is parsed. The contents of payloads are base64 and have no such marks.
 * @returns a function that throws Refusal 413 once there are too many
 */
export function valueCounter(): (part: Uint8Array) => void {
  let count = 0;
  return (part) => {
    for (const byte of part) if (marks.has(byte)) count += 1;
    if (count > marksMax) throw tooMany();
  };
}

const base64 = z.string().regex(/^[A-Za-z0-9+/_-]*={0,2}$/, 'must be base64');

/** Body of Temporal's remote codec protocol: payloads as protobuf JSON. */
const bodySchema = z.object({
  payloads: z.array(z.object({ metadata: z.record(z.string(), base64).optional(), data: base64.optional() })),
});

/** @throws Refusal 400 or 413 */
export function payloadsOf(body: Buffer): Payload[] {
  const parsed = bodySchema.safeParse(jsonOf(body));
  if (!parsed.success) {
    const [{ path, message }] = parsed.error.issues as [z.core.$ZodIssue];
    throw new Refusal(
      400,
      `The body is not a list of payloads: ${message}, at ${path.join('.').slice(0, 100) || 'the top'}.`,
    );
  }
  const { payloads } = parsed.data;
  if (payloads.length > payloadsMax) throw tooMany();
  return payloads.map(({ metadata, data }) => ({
    metadata: mapped(metadata ?? {}, (value) => Buffer.from(value, 'base64')),
    data: Buffer.from(data ?? '', 'base64'),
  }));
}

export function jsonOfPayloads(payloads: readonly Payload[]): object {
  const text = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString('base64');
  return {
    payloads: payloads.map(({ metadata, data }) => ({ metadata: mapped(metadata ?? {}, text), data: text(data) })),
  };
}

function mapped<T, U>(values: Record<string, T>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new Refusal(400, 'The body is not valid JSON.');
  }
}
