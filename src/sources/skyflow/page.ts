import { z } from 'zod';
import { objectWithList, skipSpace } from '../../json-slices.js';
import { answerWithoutContent, withoutContent } from '../../skyflow-content.js';
import { epochNanoseconds } from '../../timestamp.js';
import { decodeAnswer, refuseTooManyEvents } from '../json-answer.js';
import { eventsOfPage, misfit } from '../page-events.js';
import type { PageContent, SourceEvent } from '../source.js';
import { UnreadableAnswer } from '../unreadable.js';
import type { Cursor } from './cursor.js';
import { rfc3339Of } from './timestamp.js';

/** A Skyflow page; `nextOps` is null if the answer had none. */
export interface SkyflowPageContent extends PageContent {
  nextOps: Cursor | null;
}

/**
 * Parses an answer, and returns the body to stage, without content unless content is to be kept.
 *
 * @throws UnreadableAnswer if the body is not a page; little of it is kept, since it may have content; TrawlError
 *   PAGE_TOO_LARGE
 */
export function readSkyflowPage(
  body: Uint8Array,
  keepContent: boolean,
): { body: Uint8Array; content: SkyflowPageContent } {
  const page = pageOf(body);
  const kept = keepContent ? body : withoutContent(body);
  return { body: kept, content: kept === body ? contentOf(page) : parseSkyflowPage(kept) };
}

/** Parses the body of a page. Events without a changeID or a time become rejects. */
export function parseSkyflowPage(body: Uint8Array): SkyflowPageContent {
  return contentOf(pageOf(body));
}

const pageShape = z.looseObject({ event: z.array(z.unknown()).nullish(), nextOps: z.unknown().optional() });

interface Page {
  text: string;
  invalid: (index: number) => boolean;
  events: unknown[];
  nextOps: Cursor | null;
}

function pageOf(body: Uint8Array): Page {
  const { text, invalid } = decodeAnswer(body, 'event');
  const refused = (what: string) =>
    new UnreadableAnswer(`An answer with status 200 ${what}.`, answerWithoutContent(text, 200));
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's own message quotes its input, which may be content.
    throw refused(/^\s*</.test(text) ? 'is HTML or XML' : text === '' ? 'is empty' : 'is not JSON, or cut off');
  }
  const page = pageShape.safeParse(json);
  if (!page.success) throw refused('has no list of events');
  const { event, nextOps } = page.data;
  refuseTooManyEvents(event ?? []);
  // Both may be absent at the end. A non-empty object without them did not come from this API.
  const isOther = event === undefined && nextOps === undefined && Object.keys(page.data).length > 0;
  if (isOther) throw refused('has no list of events');
  const cursor = nextOpsOf(nextOps);
  if (cursor === 'half' && event?.length) throw refused('has a nextOps without its timestamp or its changeID');
  return { text, invalid, events: event ?? [], nextOps: cursor === 'half' ? null : cursor };
}

const textShape = z.string().nullish();
const nextOpsShape = z.looseObject({ timestamp: textShape, changeID: textShape }).nullish();

/** `half` if a member is missing or not a text: continuing from it would skip events, or read some forever. */
function nextOpsOf(value: unknown): Cursor | null | 'half' {
  const nextOps = nextOpsShape.safeParse(value);
  if (!nextOps.success) return 'half';
  const { timestamp, changeID } = nextOps.data ?? {};
  if (timestamp && changeID) return { timestamp, changeID };
  return timestamp || changeID ? 'half' : null;
}

function contentOf({ text, invalid, events: values, nextOps }: Page): SkyflowPageContent {
  const { elements } = objectWithList(text, skipSpace(text, 0), 'event');
  const content = eventsOfPage(text, elements, values, invalid, eventOf);
  return { ...content, relatedObjects: [], lookup: () => undefined, nextOps };
}

const envelope = z.looseObject({
  context: z.looseObject({ changeID: z.string().min(1) }),
  request: z.looseObject({ timestamp: z.string().refine((text) => rfc3339Of(text) !== null, 'is not a timestamp') }),
});

/** Returns the event, or the reason to reject it. */
function eventOf(value: unknown, rawEvent: string): SourceEvent | string {
  const parsed = envelope.safeParse(value);
  if (!parsed.success) return misfit(parsed.error);
  const timestamp = rfc3339Of(parsed.data.request.timestamp)!;
  return {
    id: parsed.data.context.changeID,
    timestamp,
    timeNs: epochNanoseconds(timestamp)!,
    rawEvent,
    extra: null,
    details: value as Record<string, unknown>,
  };
}
