import type { JournalEntry } from '../../proof/entry-schema.js';
import { leafHashLatin1 } from '../../proof/hashes.js';
import { entryText } from '../../proof/journal.js';
import type { Signer } from '../../proof/note.js';
import { edgeOf, type Tile, type TilePlace, Tree } from '../../proof/tree.js';
import { integer, text } from '../copied-tables.js';
import type { ProofLog, ProofSizes } from '../proof-reader.js';
import type { Dialect, Row } from './dialect.js';
import { logLine } from './log.js';
import { all, changes, first, type SqlValue, type Steps } from './steps.js';

const selected = `SELECT events, entries, pages, store, forked, journal_note AS "journalNote" FROM proof_heads
  WHERE collector = $1`;

interface HeldProof extends ProofSizes {
  /** Identity of the store in which it began. */
  store: string;
  journalNote: string | null;
  /** Why nothing is signed: the store is older than its anchors. */
  forked: string | null;
}

/** The trees of a collector while facts are recorded. */
export class Proof {
  readonly events: Tree;
  readonly #journal: Tree;
  readonly #sizes: ProofSizes;
  readonly #entries: string[] = [];
  pages: number;

  constructor(sizes: ProofSizes, tiles: Readonly<Record<ProofLog, readonly Tile[]>>) {
    this.events = new Tree(sizes.events, tiles.events);
    this.#journal = new Tree(sizes.entries, tiles.journal);
    this.#sizes = sizes;
    this.pages = sizes.pages;
  }

  note(entry: JournalEntry): void {
    const lines = entryText(entry);
    this.#journal.append(leafHashLatin1(lines));
    this.#entries.push(lines);
  }

  /** The journal as it is now, for an entry. */
  journalHead(): { entries: number; journalroot: string } {
    return { entries: this.#journal.size, journalroot: this.#journal.root().toString('base64') };
  }

  /** Size and root of the tree of events, for an entry. */
  head(): { size: number; root: string } {
    return { size: this.events.size, root: this.events.root().toString('base64') };
  }

  /** Signed heads. @param origin the part that both have in common */
  notes({ name, sign }: Signer, { origin, now }: { origin: string; now: string }): Record<ProofLog, string> {
    const noteOf = (log: ProofLog, tree: Tree) =>
      sign({ origin: `${name}/${origin}/${log}`, size: tree.size, root: tree.root() }, now);
    return { events: noteOf('events', this.events), journal: noteOf('journal', this.#journal) };
  }

  /** All rows to write. */
  changed() {
    const { events, pages } = this;
    const logs = [
      ['events', events],
      ['journal', this.#journal],
    ] as const;
    return {
      tiles: logs.flatMap(([log, tree]) => tree.takeChanged().map((tile): Row => ({ log, ...tile }))),
      entries: this.#entries.map((entry, index): Row => ({ number: this.#sizes.entries + index + 1, entry })),
      sizes: { events: events.size, entries: this.#journal.size, pages },
    };
  }
}

/** Where and when facts are recorded. */
export interface Recorded {
  collector: string;
  now: string;
  /** True if the transaction does not wait for the disk: a crash may take it back, so that no head of it is signed. */
  isLight?: boolean;
}

/**
 * Records facts of a collector in the transaction that makes them true. If tiles of its trees are missing, nothing is
 * recorded, and the execution log says so: collecting must go on.
 */
export function* recordFacts(
  dialect: Dialect,
  { collector, now, isLight = false }: Recorded,
  record: (proof: Proof) => Steps<void> | undefined,
): Steps<void> {
  const sizes = yield* heldSizes(dialect, collector);
  const proof = yield* openProof(collector, sizes);
  if (!proof) {
    // The key keeps the line from being written with each page.
    const key = `proof/${collector}/${sizes.events}/${sizes.entries}`;
    yield* logLine(collector, { now, note: brokenNote, key });
    return;
  }
  const isSigned = !isLight && sizes.forked === null && !dialect.isHeld?.(collector);
  const signer = isSigned ? dialect.signer : undefined;
  const where = { origin: `${sizes.store}/${collector}`, now };
  for (const entry of (sizes.journalNote && signer?.changes?.(sizes.journalNote, where)) || []) proof.note(entry);
  const steps = record(proof);
  if (steps) yield* steps;
  const { tiles, entries, sizes: after } = proof.changed();
  if (tiles.length === 0) return;
  yield* dialect.insertRows({
    rows: tiles,
    columns: [...text('log'), ...integer('level', 'number'), { name: 'hashes', type: 'bytes' }],
    shared: [collector],
    insert: (source) =>
      `INSERT INTO proof_tiles (collector, log, level, number, hashes)
       SELECT $1, log, level, number, hashes FROM ${source} WHERE true
       ON CONFLICT (collector, log, level, number) DO UPDATE SET hashes = excluded.hashes`,
  });
  yield* dialect.insertRows({
    rows: entries,
    columns: [...integer('number'), ...text('entry')],
    shared: [collector],
    insert: (source) =>
      `INSERT INTO proof_journal (collector, number, entry) SELECT $1, number, entry FROM ${source} WHERE true`,
  });
  const notes = signer ? proof.notes(signer, where) : { events: null, journal: null };
  yield* changes(
    `UPDATE proof_heads SET events = $2, entries = $3, pages = $4, events_note = coalesce($5, events_note),
       journal_note = coalesce($6, journal_note) WHERE collector = $1`,
    collector,
    after.events,
    after.entries,
    after.pages,
    notes.events,
    notes.journal,
  );
}

const brokenNote =
  'The proof of completeness has stopped: rows of proof_tiles are missing or cut. Collecting goes on; restore a backup of the store to prove what comes';

/** Records facts that need nothing of the trees of events. */
export function* recordEntries(dialect: Dialect, where: Recorded, entries: readonly JournalEntry[]): Steps<void> {
  if (entries.length === 0) return;
  yield* recordFacts(dialect, where, (proof) => {
    for (const entry of entries) proof.note(entry);
    return undefined;
  });
}

/** Locks the proof until the transaction ends: not every fact holds the checkpoint. */
function* heldSizes({ rowLock }: Dialect, collector: string): Steps<HeldProof> {
  const held = `${selected} ${rowLock}`;
  const sizes = yield* first<HeldProof>(held, collector);
  if (sizes) return sizes;
  yield* changes(
    'INSERT INTO proof_heads (collector, store) SELECT $1, id FROM store_identity WHERE true ON CONFLICT DO NOTHING',
    collector,
  );
  return (yield* first<HeldProof>(held, collector))!;
}

/** Null if the trees cannot grow. The tiles are read after the lock, since PostgreSQL would show them as before it. */
function* openProof(collector: string, sizes: ProofSizes): Steps<Proof | null> {
  const edges = { events: edgeOf(sizes.events), journal: edgeOf(sizes.entries) };
  const tiles = yield* tilesAt(collector, [
    ...edges.events.map((place) => ({ log: 'events' as const, ...place })),
    ...edges.journal.map((place) => ({ log: 'journal' as const, ...place })),
  ]);
  const of = (wanted: ProofLog) => tiles.filter(({ log }) => log === wanted);
  try {
    return new Proof(sizes, { events: of('events'), journal: of('journal') });
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

type StoredTile = Tile & { log: ProofLog };

function* tilesAt(collector: string, places: readonly (TilePlace & { log: ProofLog })[]): Steps<StoredTile[]> {
  if (places.length === 0) return [];
  const these = places.map(
    ({ log, level }, index) => `(log = '${log}' AND level = ${level} AND number = $${index + 2})`,
  );
  const numbers = places.map(({ number }) => number);
  return yield* tilesOf(`WHERE collector = $1 AND (${these.join(' OR ')})`, collector, ...numbers);
}

/** @param where SQL, with its values */
export function* tilesOf(where: string, ...values: SqlValue[]): Steps<StoredTile[]> {
  const tiles = yield* all<Omit<StoredTile, 'hashes'> & { hashes: Uint8Array }>(
    `SELECT log, level, number, hashes FROM proof_tiles ${where}`,
    ...values,
  );
  return tiles.map(({ hashes, ...tile }) => {
    return { ...tile, hashes: Buffer.from(hashes.buffer, hashes.byteOffset, hashes.byteLength) };
  });
}
