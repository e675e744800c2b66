import type { RelatedObject, StoredEvent } from '../../domain.js';
import { eventLine, lineTexts } from '../../event-line.js';
import type { LedgerPage } from '../../stores/ledger-page.js';
import type { Store } from '../../stores/store.js';
import { type Paint, painter } from '../colour.js';
import type { Context } from '../context.js';
import { localTime } from '../events/cells.js';
import { findEvent } from '../events/find.js';
import { jsonLines, jsonTokens } from '../events/json-text.js';
import { print, printable } from '../output.js';

/** An event with what the store knows about it. */
interface Known {
  event: StoredEvent;
  related: RelatedObject[];
  page: LedgerPage | null;
}

/** Ids in an event that are looked up. An event names a few objects; a list of thousands is no list of them. */
const idsMax = 1_000;
const idLengthMax = 1_000;

/** `trawl events show [NAME] ID`: writes one event with its related objects and the page that brought it. */
export async function event(
  context: Context,
  [first, second]: readonly [string, string | undefined],
  { json = false }: { json?: boolean },
): Promise<number> {
  const store = await context.existingStore();
  const [name, id] = second === undefined ? [undefined, first] : [first, second];
  if (name !== undefined) await context.requireCollector(store, name);
  const found = await findEvent(store, name === undefined ? await context.collectors(store) : [name], id);
  const known: Known = {
    event: found,
    related: await relatedTo(store, found),
    page: await store.pageOf(found.collector, found.seq),
  };
  const paint: Paint = json ? (_, text) => text : painter();
  await print(json ? `${jsonLines(asJson(known), paint)}\n` : inWords(known, paint));
  return 0;
}

/** The known objects whose ids occur in the event. */
async function relatedTo(store: Store, { collector, rawEvent }: StoredEvent): Promise<RelatedObject[]> {
  const ids = new Set<string>();
  for (const { is, text } of jsonTokens(rawEvent)) {
    if (ids.size === idsMax) break;
    if (is === 'text' && text.length > 2 && text.length <= idLengthMax) ids.add(JSON.parse(text) as string);
  }
  return [...(await store.relatedObjects(collector, [...ids])).values()];
}

/** The event and the objects in their own JSON. */
function asJson({ event, related, page }: Known): string {
  const objects = related.map(
    ({ id, type, object }) => `{"id":${JSON.stringify(id)},"type":${JSON.stringify(type)},"object":${object}}`,
  );
  return `{"event":${eventLine(event)},"related":[${objects.join(',')}],"page":${JSON.stringify(page)}}`;
}

function inWords({ event, related, page }: Known, paint: Paint): string {
  const columns: Record<string, unknown> = { ...event, from_addr: event.fromAddr };
  const parts = [
    labelled(
      {
        collector: event.collector,
        seq: event.seq,
        ...Object.fromEntries(lineTexts.map((name) => [name, columns[name]])),
        'local time': localTime(event.timestamp),
        collected_at: event.collectedAt,
      },
      paint,
    ),
    `${paint('bold', 'raw_event')}\n${jsonLines(event.rawEvent, paint)}\n`,
  ];
  if (event.extra !== null) parts.push(`${paint('bold', 'extra')}\n${jsonLines(event.extra, paint)}\n`);
  for (const { id, type, object } of related)
    parts.push(`${paint('bold', `related ${printable(type)} ${printable(id)}`)}\n${jsonLines(object, paint)}\n`);
  parts.push(page ? pageInWords(page, paint) : `${paint('bold', 'page')}\nThe ledger does not have the page.\n`);
  return parts.join('\n');
}

function pageInWords(page: LedgerPage, paint: Paint): string {
  const { number, offset, generation, events, newEvents, rejected, firstSeq, lastSeq, digest, note, committedAt } =
    page;
  const rows = {
    committed: committedAt,
    offset: offset || '(the start)',
    generation,
    events: `${events} (${newEvents} new: seq ${firstSeq} to ${lastSeq}; ${rejected} rejected)`,
    note,
    digest,
  };
  return `${paint('bold', `page ${number} of the ledger`)}\n${labelled(rows, paint)}`;
}

/** A line for each value that is not empty. */
function labelled(values: Readonly<Record<string, unknown>>, paint: Paint): string {
  const rows = Object.entries(values).filter(([, value]) => value !== '' && value !== undefined);
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, value]) => `${paint('dim', label.padEnd(width))}  ${printable(String(value))}\n`).join('');
}
