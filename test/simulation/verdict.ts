import type { StoredEvent } from '../../src/domain.js';
import { rewoundNote } from '../../src/stores/page-notes.js';
import type { RejectedRow } from '../../src/stores/store.js';
import { all } from './books.js';
import type { Receiver } from './receivers.js';
import type { Version } from './vendors/vendor.js';
import type { World } from './world.js';

interface LedgerRow {
  number: number;
  new_events: number;
  first_seq: number | null;
  last_seq: number | null;
}

const namedMax = 5;

/** What is wrong in the end, once everything has had the time to be put right; empty if nothing is. */
export async function problemsOf(world: World, isCalm: boolean): Promise<string[]> {
  await world.read();
  const stored = await all(world.store, world.collector);
  const sinks = await world.currentSinks();
  const wrong = {
    ...(await wrongInStore(world, stored)),
    ...(await wrongNumbers(world, stored)),
    ...(await wrongInRejects(world, stored)),
    ...wrongInFollower(world, stored),
    ...(isCalm ? sentTwice(world) : {}),
    ...Object.assign({}, ...sinks.map((sink) => wrongInSink(world, stored, sink))),
  } as Record<string, readonly (string | number)[]>;
  return [
    ...world.books.problems,
    ...Object.entries(wrong).flatMap(([what, which]) => (which.length === 0 ? [] : `${what}: ${named(which)}`)),
    ...(await ledgerProblems(world)),
    ...(await commandProblems(world)),
    ...(await rewindProblems(world)),
    ...openBatches(world, sinks),
    ...openClearings(world),
    ...(world.failure === undefined ? [] : [`the collection still fails: ${world.failure}`]),
  ];
}

function named(which: readonly (string | number)[]): string {
  const more = which.length - namedMax;
  return `${which.slice(0, namedMax).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Truth and store. */
async function wrongInStore(world: World, stored: readonly StoredEvent[]) {
  const { vendor, books } = world;
  const { generation } = await world.checkpoint();
  const truth = vendor.events;
  const present = new Set(stored.map(({ id }) => id));
  const removed = new Map(books.removals.map((removal) => [removal.id, removal]));
  const hasDropped = (id: string) => vendor.hasDropped?.(id) ?? false;
  const gone = [...removed.values()].filter(({ id }) => !present.has(id) && !hasDropped(id));
  return {
    lost: [...truth.keys()].filter((id) => !present.has(id) && !removed.has(id) && !hasDropped(id)),
    'stored twice': repeated(stored.map(({ id }) => id)),
    'stored, but the source never had it': [...present].filter((id) => !truth.has(id)),
    'stored with another content': stored
      .filter((event) => !truth.get(event.id)?.some((version) => isOf(version, event)))
      .map(({ id }) => id),
    // What its sinks have stays away; anything else comes back.
    'cleared, and not read again after a reset': gone
      .filter(({ resets, confirmed }) => resets < books.resets && !confirmed)
      .map(({ id }) => id),
    // Other sources read an overlap again. After a reset, what was not read again yet comes back.
    'cleared, and stored again without a reset':
      vendor.kind === 'asa' && generation === 0
        ? [...present].filter((id) => removed.has(id) && !removed.get(id)!.byHand)
        : [],
    'cleared when every sink had it, and stored again': [...present].filter((id) => removed.get(id)?.confirmed),
  };
}

function isOf({ raw, timestamp }: Version, event: StoredEvent): boolean {
  return raw === event.rawEvent && (timestamp ?? event.timestamp) === event.timestamp;
}

/** Each event that has been altered is kept as it is now, and each that could not be read has been read by now. */
async function wrongInRejects(world: World, stored: readonly StoredEvent[]) {
  const kept = new Set(world.query<{ raw: string }>('SELECT raw FROM rejected_events').map(({ raw }) => raw));
  const isKept = (event: StoredEvent) => {
    const latest = world.vendor.events.get(event.id)?.at(-1);
    return latest === undefined || isOf(latest, event) || kept.has(latest.whole);
  };
  const still = (ids: string[]) => ids.filter((id) => !world.vendor.hasDropped?.(id));
  return {
    'altered, and not kept': still(stored.filter((event) => !isKept(event)).map(({ id }) => id)),
    'rejected, and not read again': still((await unreadRejects(world)).flatMap(({ id }) => id ?? [])),
    ...settledRejects(world, stored),
  };
}

/** Of events that came in a form that nobody knows. One with an id is among them until it is stored. */
export async function unreadRejects({ store, collector }: World): Promise<RejectedRow[]> {
  const rejected = await store.rejectedEvents(collector, 1_000_000);
  return rejected.filter(({ reason }) => !reason.endsWith('is stored already with other content'));
}

/** Nobody acknowledges any: whatever is settled has been stored. */
function settledRejects(world: World, stored: readonly StoredEvent[]) {
  const had = new Set([...stored, ...world.books.removals].map(({ id }) => id));
  const settled = world.query<{ id: string | null; raw: string }>(
    "SELECT event_id AS id, raw FROM rejected_events WHERE kind = 'event' AND settled_at IS NOT NULL",
  );
  return {
    'settled, and never stored': settled.filter(({ id }) => id !== null && !had.has(id)).map(({ id }) => id!),
    'settled without an id': settled.filter(({ id }) => id === null).map(({ raw }) => raw),
  };
}

function sentTwice({ receivers }: World) {
  return Object.fromEntries(receivers.map(({ name, sentTwice: keys }) => [`${name} was sent twice`, keys]));
}

/** Every batch of a sink that is well comes to its end. */
function openBatches(world: World, sinks: readonly Receiver[]): string[] {
  const open = world.query<{ sink: string; number: number }>(
    "SELECT sink, number FROM offload_batches WHERE series = '' AND confirmed_at IS NULL",
  );
  return open
    .filter(({ sink }) => sinks.some(({ name }) => name === sink))
    .map(({ sink, number }) => `batch ${number} to ${sink} does not come to its end`);
}

/** The rows of cleared events are removed in the end. */
export function openClearings(world: World): string[] {
  const open = world.query<{ upToSeq: number }>('SELECT up_to_seq AS "upToSeq" FROM clearings');
  return open.map(({ upToSeq }) => `rows of the clearing up to ${upToSeq} are left`);
}

/** Only what the source has really forgotten is thrown away. */
async function rewindProblems({ store, collector, vendor }: World): Promise<string[]> {
  const log = await store.executionLog({ collector, limit: 1_000_000 });
  const count = log.filter(({ notes }) => notes === rewoundNote).length;
  if (count <= vendor.forgotten) return [];
  return [`${count} offsets were thrown away, of which the source had forgotten ${vendor.forgotten}`];
}

async function wrongNumbers(world: World, stored: readonly StoredEvent[]) {
  const { lastSeq } = await world.checkpoint();
  const seqs = [...stored, ...world.books.removals].map(({ seq }) => seq);
  const used = new Set(seqs);
  return {
    'numbered twice': repeated(seqs),
    'numbers without an event': Array.from({ length: lastSeq }, (_, at) => at + 1).filter((seq) => !used.has(seq)),
    'numbered beyond the checkpoint': seqs.filter((seq) => seq > lastSeq),
  };
}

/** Store and sink. */
function wrongInSink({ vendor }: World, stored: readonly StoredEvent[], receiver: Receiver) {
  const { name } = receiver;
  const delivered = receiver.delivered();
  const keyOf = ({ id, seq }: { id: string; seq: number }) => (receiver.isById ? id : seq);
  const has = new Set(delivered.map(keyOf));
  const isOther = ({ id, raw }: { id: string; raw: string }) =>
    !vendor.events.get(id)?.some((version) => raw === asKept(version.raw));
  return {
    [`${name} lacks`]: stored.filter((event) => !has.has(keyOf(event))).map(({ id }) => id),
    [`${name} has twice`]: repeated(delivered.filter(({ repeats }) => !repeats).map(keyOf)),
    [`${name} has another content of`]: delivered.filter(isOther).map(({ id }) => id),
  };
}

/** Store and somebody who follows: each event once, in order, under a number that it keeps. */
function wrongInFollower({ books, follower: { printed } }: World, stored: readonly StoredEvent[]) {
  const seqs = new Set(printed.map(({ seq }) => seq));
  const had = new Map([...stored, ...books.removals].map(({ seq, id }) => [seq, id]));
  return {
    'a follower lacks': stored.filter(({ seq }) => !seqs.has(seq)).map(({ id }) => id),
    'a follower got out of order': printed
      .filter(({ seq }, at) => seq <= (printed[at - 1]?.seq ?? 0))
      .map(({ id }) => id),
    'a follower got under another number': printed.filter(({ seq, id }) => had.get(seq) !== id).map(({ id }) => id),
  };
}

/** JSON as a receiver keeps it. */
function asKept(raw: string): string {
  return JSON.stringify(JSON.parse(raw));
}

/** The ledger has a row for each page, and the pages have all numbers in order. */
async function ledgerProblems(world: World): Promise<string[]> {
  const rows = world.query<LedgerRow>('SELECT * FROM audit_pages ORDER BY number');
  const { pages, lastSeq } = await world.checkpoint();
  const problems: string[] = [];
  let seq = 0;
  rows.forEach(({ number, new_events: events, first_seq: first, last_seq: last }, at) => {
    if (number !== at + 1) problems.push(`the ledger has ${number} as its page ${at + 1}`);
    if (events > 0 && (first !== seq + 1 || last !== seq + events))
      problems.push(`page ${number} of the ledger has ${first} to ${last} after ${seq}`);
    seq += events;
  });
  if (rows.length !== pages) problems.push(`the ledger has ${rows.length} pages, the checkpoint ${pages}`);
  if (seq !== lastSeq) problems.push(`the ledger ends at ${seq}, the checkpoint at ${lastSeq}`);
  return problems;
}

const lines = {
  resetCheckpoint: /^(Reset checkpoint$|resetCheckpoint failed)/,
  clearEvents: /^(Cleared events table$|Not cleared|clearEvents failed)/,
};

/** Each command has left one line. */
async function commandProblems({ store, collector, books }: World): Promise<string[]> {
  const log = await store.executionLog({ collector, limit: 1_000_000 });
  return (['resetCheckpoint', 'clearEvents'] as const).flatMap((kind) => {
    const count = log.filter(({ notes }) => lines[kind].test(notes)).length;
    const { accepted, unsure } = books.promised[kind];
    if (count >= accepted && count <= accepted + unsure) return [];
    return [`${accepted} times ${kind}${unsure > 0 ? ` (and ${unsure} unsure)` : ''} left ${count} lines in the log`];
  });
}

function repeated<T>(items: readonly T[]): T[] {
  const seen = new Set<T>();
  return items.filter((item) => seen.size === seen.add(item).size);
}
