import { z } from 'zod';
import type { RelatedObject } from '../../domain.js';
import { memberOf, objectMembers, objectWithList, type Slice, skipSpace } from '../../json-slices.js';
import { isJsonObject } from '../../json-values.js';
import { epochNanoseconds } from '../../timestamp.js';
import { decodeAnswer, parseAnswer, tooMuch } from '../json-answer.js';
import { eventsOfPage, misfit } from '../page-events.js';
import type { PageContent, SourceEvent } from '../source.js';
import { UnreadableAnswer } from '../unreadable.js';

/** A JSON object as parsed, including members named `__proto__`. */
const members = z.custom<Record<string, unknown>>(isJsonObject, 'is not an object');

const envelope = z.object({
  id: z.string().min(1),
  timestamp: z.string().transform((timestamp, context) => {
    const timeNs = epochNanoseconds(timestamp);
    if (timeNs !== null) return { timestamp, timeNs };
    context.addIssue('is not an RFC 3339 time');
    return z.NEVER;
  }),
  details: members,
});

const envelopeMembers = new Set(['id', 'timestamp', 'details']);

/** A page has about one related object per event: more than this is no page of this API. */
const relatedPerEvent = 20;
const relatedOfPage = 10_000;

/** An ASA page. `listMissing` is set if the list was `null`, as a Go server may send for an empty page. */
interface AsaPageContent extends PageContent {
  listMissing: boolean;
}

/**
 * Splits list and related_objects (M10). An event that does not match its envelope becomes a reject. Invalid related
 * objects are skipped, since an event without its related object is still an event.
 *
 * @throws UnreadableAnswer if the body is not JSON or has no list; TrawlError PAGE_TOO_LARGE
 */
export function parseAsaPage(body: Uint8Array): AsaPageContent {
  const { text, invalid } = decodeAnswer(body, 'list');
  const page = parsePage(text);
  const root = skipSpace(text, 0);
  const { members: slices, elements } = objectWithList(text, root, 'list');
  const content = eventsOfPage(text, elements, page.list ?? [], invalid, eventOf);
  const relatedMax = relatedOfPage + relatedPerEvent * (page.list?.length ?? 0);
  const related = relatedObjectsOf(text, slices.get('related_objects'), page.related_objects, relatedMax);
  return { ...content, ...related, listMissing: page.list === null };
}

const pageShape = z.object({ list: z.array(z.unknown()).nullable(), related_objects: z.unknown().optional() });

function parsePage(text: string): z.infer<typeof pageShape> {
  const page = pageShape.safeParse(parseAnswer(text));
  if (!page.success) throw new UnreadableAnswer('An answer with status 200 has no list of events.', text);
  return page.data;
}

/** Returns the event, or the reason to reject it. */
function eventOf(value: unknown, raw: string): SourceEvent | string {
  const parsed = envelope.safeParse(value);
  if (!parsed.success) return misfit(parsed.error);
  const { id, timestamp: time, details } = parsed.data;
  const at = objectMembers(raw, 0);
  const own = at.get('details')!;
  return { id, ...time, rawEvent: raw.slice(own.start, own.end), extra: extraOf(raw, at), whole: raw, details };
}

/** The members outside the envelope, as JSON text. */
function extraOf(raw: string, at: ReadonlyMap<string, Slice>): string | null {
  if (at.size === envelopeMembers.size) return null;
  const others = [...at].filter(([name]) => !envelopeMembers.has(name));
  return `{${others.map(([name, slice]) => `${JSON.stringify(name)}:${raw.slice(slice.start, slice.end)}`).join(',')}}`;
}

function relatedObjectsOf(
  text: string,
  slice: Slice | undefined,
  value: unknown,
  most: number,
): Pick<PageContent, 'relatedObjects' | 'lookup'> {
  const relatedObjects: RelatedObject[] = [];
  const byId = new Map<string, Record<string, unknown>>();
  const entries = members.safeParse(value);
  if (slice && entries.success) {
    const count = Object.keys(entries.data).length;
    if (count > most) throw tooMuch(`${count} related objects, of which Trawl accepts ${most}`);
    for (const [id, at] of objectMembers(text, slice.start)) {
      const entry = entries.data[id] as { type?: unknown; object?: unknown } | null | undefined;
      const object = members.safeParse(entry?.object);
      if (!object.success) continue;
      const own = memberOf(text, at.start, 'object')!;
      relatedObjects.push({
        id,
        type: typeof entry?.type === 'string' ? entry.type : '',
        object: text.slice(own.start, own.end),
      });
      byId.set(id, object.data);
    }
  }
  return { relatedObjects, lookup: (id) => byId.get(id) };
}
