import { createHash } from 'node:crypto';
import { z } from 'zod';
import { objectWithList, skipSpace } from '../../json-slices.js';
import { isJsonObject } from '../../json-values.js';
import { within64Bits } from '../../timestamp.js';
import { decodeAnswer, parseAnswer } from '../json-answer.js';
import { eventsOfPage, misfit } from '../page-events.js';
import type { PageContent, SourceEvent } from '../source.js';
import { UnreadableAnswer } from '../unreadable.js';
import { timeText } from './cursor.js';

/** A Descope page, with the facts that the walk needs. */
export interface DescopePageContent extends PageContent {
  /** Number of events and rejects; decides whether the page was full. */
  count: number;
  /** The times of the events, in order; epoch milliseconds. */
  timesMs: readonly number[];
  /** True if nearly all of the events are in order as they stand. */
  rises: boolean;
  /** Total according to the answer; 0 if it does not say. */
  total: number;
  /** True if the list was null or absent although the answer reports events. */
  listMissing: boolean;
}

/** 9999-12-31T23:59:59.999Z, the last time that RFC 3339 can express. */
const occurredMax = 253_402_300_799_999;

const envelope = z.object({
  ID: z.string().nullish(),
  occurred: z
    .union([z.string().regex(/^\d{1,15}$/, 'is not a number of milliseconds'), z.int().min(0)])
    .transform(Number)
    .refine((ms) => ms <= occurredMax, 'is not a time before the year 10000'),
});

const pageShape = z
  .object({
    audits: z.array(z.unknown()).nullish(),
    total: z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)]).optional(),
  })
  .refine(({ audits, total }) => Array.isArray(audits) || total !== undefined);

/**
 * Splits an answer of the audit search. An event that does not match its envelope becomes a reject. `total` is trusted
 * only if the list is missing altogether; otherwise it can at most raise a doubt (client.ts).
 *
 * @throws UnreadableAnswer if the body is not JSON, or has no list of events without saying that there are none; TrawlError
 *   PAGE_TOO_LARGE
 */
export function parseDescopePage(body: Uint8Array): DescopePageContent {
  const { text, invalid } = decodeAnswer(body, 'audits');
  const page = pageShape.safeParse(parseAnswer(text));
  if (!page.success) throw new UnreadableAnswer('An answer with status 200 has no list of audits.', text);
  const { audits, total } = page.data;
  const copies = new Map<string, number>();
  const { elements } = objectWithList(text, skipSpace(text, 0), 'audits');
  const content = eventsOfPage(text, elements, audits ?? [], invalid, (value, raw) => eventOf(raw, value, copies));
  return {
    ...content,
    relatedObjects: [],
    lookup: () => undefined,
    count: content.events.length + content.rejected.length,
    ...timesOf(content.events),
    total: total ?? 0,
    listMissing: !audits && total !== 0,
  };
}

/** Returns the event, or the reason to reject it. */
function eventOf(raw: string, value: unknown, copies: Map<string, number>): SourceEvent | string {
  const parsed = envelope.safeParse(value);
  if (!parsed.success) return misfit(parsed.error);
  const { ID, occurred } = parsed.data;
  const details = value as Record<string, unknown>;
  return {
    id: ID || digestId(details, raw, copies),
    timestamp: timeText(occurred),
    timeNs: within64Bits(BigInt(occurred) * 1_000_000n),
    rawEvent: raw,
    extra: null,
    details,
  };
}

/**
 * An id for an event without one: the digest of its canonical content. From the second of several equal events in a
 * page on, a counter is added. Events get the same ids in any page and any order: equal events share their
 * millisecond, and the walk (walk.ts) reads every millisecond completely in some page. If more events than fit into a
 * page share one millisecond, equal ones that never appear in the same page count as one.
 */
function digestId(details: Record<string, unknown>, raw: string, copies: Map<string, number>): string {
  const { ID: _, ...content } = details;
  const id = `sha256:${createHash('sha256').update(canonical(content, raw)).digest('hex')}`;
  const copy = (copies.get(id) ?? 0) + 1;
  copies.set(id, copy);
  return copy === 1 ? id : `${id}#${copy}`;
}

function canonical(content: unknown, raw: string): string {
  try {
    return JSON.stringify(content, (_, value: unknown) => {
      if (!isJsonObject(value)) return value;
      const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
      // Numeric-looking names come first in any object, so the order is stable. No prototype: __proto__ is a name.
      return Object.assign(Object.create(null), Object.fromEntries(entries)) as unknown;
    });
  } catch {
    // Nested too deeply, so the original text counts.
    return raw;
  }
}

function timesOf(events: readonly SourceEvent[]): Pick<DescopePageContent, 'timesMs' | 'rises'> {
  const timesMs = events.map(({ timeNs }) => Number(timeNs / 1_000_000n));
  const falls = timesMs.filter((time, index) => index > 0 && time < timesMs[index - 1]!).length;
  return { timesMs: timesMs.sort((a, b) => a - b), rises: falls <= timesMs.length / 8 };
}
