import { all } from './books.js';
import type { World } from './world.js';

interface LedgerRow {
  number: number;
  new_events: number;
  first_seq: number | null;
  last_seq: number | null;
}

const missingMax = 5;

/** What is wrong in the end, once everything has had the time to be put right; empty if nothing is. */
export async function problemsOf(world: World): Promise<string[]> {
  const { store, collector, books, vendor } = world;
  const stored = await all(store, collector);
  const { lastSeq, pages } = await store.checkpoint(collector);
  const problems = [...books.problems];
  const say = (what: string, ids: readonly (string | number)[]) => {
    if (ids.length === 0) return;
    const more = ids.length > missingMax ? ` and ${ids.length - missingMax} more` : '';
    problems.push(`${what}: ${ids.slice(0, missingMax).join(', ')}${more}`);
  };
  const byId = new Map(stored.map((event) => [event.id, event]));
  const removed = new Map(books.removals.map((removal) => [removal.id, removal]));
  const truth = [...vendor.events];

  say(
    'lost',
    truth.filter(([id]) => !byId.has(id) && !removed.has(id)).map(([id]) => id),
  );
  say('stored twice', repeated(stored.map(({ id }) => id)));
  say(
    'stored, but the source never had it',
    stored.map(({ id }) => id).filter((id) => !vendor.events.has(id)),
  );
  say(
    'stored with another content',
    stored
      .filter(({ id, rawEvent }) => vendor.events.has(id) && vendor.events.get(id) !== rawEvent)
      .map(({ id }) => id),
  );
  const seqs = [...stored, ...books.removals].map(({ seq }) => seq).sort((a, b) => a - b);
  say('numbered twice', repeated(seqs));
  say(
    'numbers without an event',
    range(lastSeq).filter((seq) => !seqs.includes(seq)),
  );
  say(
    'numbered beyond the checkpoint',
    seqs.filter((seq) => seq > lastSeq),
  );
  say(
    'cleared, and not read again after a reset',
    [...removed.values()]
      .filter(({ id, resets }) => resets < books.resets && !byId.has(id) && !isSent(world, id))
      .map(({ id }) => id),
  );
  say(
    'cleared when every sink had it, and stored again',
    [...byId.keys()].filter((id) => removed.get(id)?.confirmed),
  );
  problems.push(...ledgerProblems(world.query<LedgerRow>('SELECT * FROM audit_pages ORDER BY number'), pages, lastSeq));

  for (const receiver of await world.currentSinks()) {
    const { name } = receiver;
    const delivered = receiver.delivered();
    const has = new Set(delivered.map(({ seq }) => seq));
    const hasIds = new Set(delivered.map(({ id }) => id));
    say(
      `${name} lacks`,
      stored.filter(({ id, seq }) => !(receiver.isById ? hasIds.has(id) : has.has(seq))).map(({ id }) => id),
    );
    say(`${name} has twice`, repeated(delivered.filter(({ repeats }) => !repeats).map(({ seq }) => seq)));
    say(
      `${name} has another content of`,
      delivered.filter(({ id, raw }) => raw !== normal(vendor.events.get(id))).map(({ id }) => id),
    );
  }
  problems.push(...(await commandProblems(world)));
  if (world.failure) problems.push(`the collection still fails: ${world.failure}`);
  return problems;
}

function isSent(world: World, id: string): boolean {
  return world.receivers.some((receiver) => receiver.delivered().some((event) => event.id === id));
}

/** JSON as a receiver keeps it. */
function normal(raw: string | undefined): string {
  return raw === undefined ? '' : JSON.stringify(JSON.parse(raw));
}

function ledgerProblems(rows: readonly LedgerRow[], pages: number, lastSeq: number): string[] {
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

function range(last: number): number[] {
  return Array.from({ length: last }, (_, at) => at + 1);
}
