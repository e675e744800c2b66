import { createHash } from 'node:crypto';
import type { z } from 'zod';
import type { Rejected } from '../domain.js';
import type { Slice } from '../json-slices.js';
import { isJsonObject } from '../json-values.js';
import { refuseTooManyEvents } from './json-answer.js';
import type { PageContent, SourceEvent } from './source.js';

/**
 * Splits a page's list into events, each with its original text. An element that is not a valid event becomes a reject
 * and does not affect the rest of the page.
 *
 * @param text the page's JSON, from `decodeAnswer`
 * @param slices where its elements are in the text
 * @param values the list's elements, parsed
 * @param eventOf returns the event of an element, or the reason to reject it
 * @throws TrawlError PAGE_TOO_LARGE if there are far more elements than can be asked for
 */
export function eventsOfPage(
  text: string,
  slices: readonly Slice[],
  values: readonly unknown[],
  invalid: (index: number) => boolean,
  eventOf: (value: unknown, raw: string) => SourceEvent | string,
): Pick<PageContent, 'events' | 'rejected' | 'digest'> {
  refuseTooManyEvents(values);
  const events: SourceEvent[] = [];
  const rejected: Rejected[] = [];
  const digest = createHash('sha256');
  slices.forEach((slice, index) => {
    const raw = text.slice(slice.start, slice.end);
    const event = invalid(index) ? 'it is not valid UTF-8' : eventOf(values[index], raw);
    if (typeof event === 'string') {
      rejected.push({ kind: 'event', reason: event, raw, ...idIn(values[index]) });
      digest.update(`${raw}\0`);
    } else {
      events.push(event);
      digest.update(`${event.id}\0${event.timestamp}\0${event.rawEvent}\0`);
    }
  });
  return { events, rejected, digest: digest.digest('hex') };
}

/** The id of an element that is not a valid event, as its source names it: `id`, `ID` or `context.changeID`. */
function idIn(value: unknown): { id?: string } {
  if (!isJsonObject(value)) return {};
  const { id, ID, context } = value;
  const found = [id, ID, isJsonObject(context) ? context.changeID : undefined].find(
    (one) => typeof one === 'string' && one !== '',
  );
  return found === undefined ? {} : { id: found as string };
}

/** The reasons, by member, why an event does not match its envelope. */
export function misfit(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.') || 'event'}: ${issue.message}`).join('; ');
}
