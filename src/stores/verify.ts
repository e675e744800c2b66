import { counted } from '../counted.js';
import type { JournalEntry } from '../proof/entry-schema.js';
import { leafHashLatin1 } from '../proof/hashes.js';
import { parsedRanges, type Range, rangeText } from '../proof/journal.js';
import type { Head } from '../proof/note.js';
import { isOfLaterVersion, parsedEntry } from '../proof/parsed-entry.js';
import { Tree } from '../proof/tree.js';
import type { ProofReader, ProofState, ProvenPage } from './proof-reader.js';
import { ledgerDigest, pageTexts } from './sql/proven-rows.js';
import { type Contradiction, EventsCheck } from './verify-events.js';
import { HeadsCheck, type KnownHead } from './verify-heads.js';
import { ObjectsCheck, type ProvenObject } from './verify-objects.js';
import { RejectsCheck } from './verify-rejects.js';
import { TileCheck } from './verify-tiles.js';

/** The outcome of verifying a collector. */
export interface Verdict {
  collector: string;
  /** Up to this event, and up to this entry of the journal, everything was recomputed. */
  events: number;
  entries: number;
  /** Events that are stored; that were cleared or erased, as the journal says; and that were gone before the proof began. */
  stored: number;
  cleared: number;
  erased: number;
  gone: number;
  pages: number;
  /** The head of the journal, which stands for everything that was checked. */
  head: Head;
  /** Its keys: each has named the next one that signs. */
  keys: (JournalEntry & { kind: 'key' })[];
  /** The earlier heads that this proof goes on from. */
  known: KnownHead[];
  /** Events up to this one were stored before there was a proof, or by an earlier version: as they stood then. */
  takenOver: number;
  /** Contradictions of the proof; at most `contradictionsMax`, in the order of the events. */
  contradictions: Contradiction[];
  /** The objects that should be where their sinks have put them. */
  objects: ProvenObject[];
  /** Number of objects that an earlier version has written, of which the journal knows nothing. */
  olderObjects: number;
  /** Events that are not stored, in order; `cleared` of them rightly. */
  missing: readonly Range[];
  /** Parts that the proof does not cover, so that they are neither shown nor contradicted. */
  unchecked: string[];
}

const entriesAtOnce = 200;
const contradictionsMax = 100;

interface VerifyOptions {
  /** Heads that somebody has kept elsewhere: the proof must go on from each. */
  heads?: readonly Head[];
  /** Called now and then with the number of events checked so far, and of all. */
  progress?: (events: number, of: number) => void;
}

/**
 * Recomputes everything that the proof of a collector says, and compares it with the store. Collecting may go on: what
 * comes meanwhile is checked too.
 */
export async function verifyCollector(
  reader: ProofReader,
  collector: string,
  { heads = [], progress = () => undefined }: VerifyOptions = {},
): Promise<Verdict> {
  const check = new JournalCheck(reader, collector, heads);
  let state = await reader.state(collector);
  // Rows that are cleared meanwhile have an entry, which is read before anything is called missing.
  for (;;) {
    await check.advance(state, progress);
    const now = await reader.state(collector);
    if (now.entries <= state.entries) break;
    state = now;
  }
  return check.verdict(state, await reader.strays(collector));
}

class JournalCheck {
  readonly #reader: ProofReader;
  readonly #collector: string;
  readonly #journal = new Tree();
  readonly #events: EventsCheck;
  readonly #tiles: TileCheck;
  readonly #rejects: RejectsCheck;
  readonly #objects: ObjectsCheck;
  readonly #contradictions: Contradiction[] = [];
  readonly #unchecked: string[] = [];
  readonly #cleared: Range[] = [];
  readonly #erased = new Set<number>();
  readonly #keys: Verdict['keys'] = [];
  /** Numbers of entries that only a later version knows. */
  readonly #later: number[] = [];
  readonly #heads: HeadsCheck;
  /** Root of the journal before the entry of a restore. */
  #rootBefore = '';
  #ledger: ProvenPage[] = [];
  #pages = 0;
  /** True if an entry is missing, so that later ones cannot be read. */
  #isCut = false;
  /** True if a page was proven when it was written. */
  #hasPage = false;
  #takenOver = 0;
  /** The tree of events as the journal last names it. */
  #named = { size: 0, isRight: true };

  constructor(reader: ProofReader, collector: string, heads: readonly Head[]) {
    this.#reader = reader;
    this.#heads = new HeadsCheck(heads);
    this.#collector = collector;
    this.#tiles = new TileCheck(reader, collector, (text) => this.#contradict(text));
    this.#rejects = new RejectsCheck(reader, collector, (text) => this.#contradict(text));
    this.#objects = new ObjectsCheck(reader, collector, (seq, text) => this.#report({ seq, text }));
    this.#events = new EventsCheck(reader, collector, this.#tiles, (found) => this.#report(found));
  }

  async advance(state: ProofState, progress: (events: number, of: number) => void): Promise<void> {
    while (this.#journal.size < state.entries) {
      const after = this.#journal.size;
      const limit = Math.min(entriesAtOnce, state.entries - after);
      const entries = await this.#reader.entries(this.#collector, after, limit);
      for (const { number, entry } of entries) {
        if (number !== this.#journal.size + 1) break;
        const parsed = parsedEntry(entry);
        if (parsed?.kind === 'restore') this.#rootBefore = this.#journal.root().toString('base64');
        this.#journal.append(leafHashLatin1(entry));
        if (parsed) await this.#read(number, parsed, state);
        else if (isOfLaterVersion(entry)) this.#later.push(number);
        else this.#contradict(`Entry ${number} of the journal cannot be read.`);
        this.#heads.compare('journal', this.#journal, this.#events.size);
      }
      if (this.#journal.size < Math.min(after + limit, state.entries)) {
        this.#contradict(`Entry ${this.#journal.size + 1} of the journal is missing.`);
        this.#isCut = true;
        break;
      }
      await this.#tiles.compare(this.#journal, 'journal', { fromLevel: 0, isLast: false });
      await this.#events.compareTiles(false);
      progress(this.#events.size, state.events);
    }
  }

  async verdict(state: ProofState, strays: Awaited<ReturnType<ProofReader['strays']>>): Promise<Verdict> {
    await this.#tiles.compare(this.#journal, 'journal', { fromLevel: 0, isLast: true });
    await this.#events.compareTiles(true);
    this.#events.reportTimes(this.#takenOver);
    const { store } = state;
    const sizes = { events: this.#events.size, journal: this.#journal.size };
    for (const found of this.#heads.judge({ store, collector: this.#collector }, sizes)) this.#report(found);
    const gone = this.#judgeMissing();
    if (!this.#isCut) {
      await this.#rejects.finish();
      await this.#objects.finish();
      this.#compareState(state);
    }
    for (const [what, number] of Object.entries(strays) as [keyof typeof strays, number | null][])
      if (number !== null) this.#report({ seq: what === 'seq' ? number : null, text: strayTexts[what](number) });
    const bySeq = (one: Contradiction, other: Contradiction) => (one.seq ?? Infinity) - (other.seq ?? Infinity);
    return {
      collector: this.#collector,
      events: this.#events.size,
      entries: this.#journal.size,
      stored: this.#events.stored,
      ...gone,
      gone: this.#events.gone,
      pages: this.#pages,
      head: {
        origin: `${store}/${this.#collector}/journal`,
        size: this.#journal.size,
        root: this.#journal.root(),
      },
      keys: this.#keys,
      known: this.#heads.known,
      takenOver: this.#takenOver,
      contradictions: this.#contradictions.sort(bySeq).slice(0, contradictionsMax),
      unchecked: [
        ...[...this.#unchecked, ...this.#rejects.unchecked, ...this.#heads.unchecked],
        ...this.#ofLaterVersion(),
      ],
      olderObjects: this.#objects.older,
      objects: this.#objects.objects,
      missing: this.#events.missing,
    };
  }

  async #read(number: number, entry: JournalEntry, state: ProofState): Promise<void> {
    this.#rejects.begin(entry.at);
    switch (entry.kind) {
      case 'page':
        this.#hasPage = true;
        await this.#compareRoot(number, entry, state);
        return this.#comparePage(entry, state);
      case 'takeover':
        this.#takenOver = parsedRanges(entry.seqs)[0]?.last ?? this.#takenOver;
        if (this.#hasPage)
          this.#unchecked.push(
            `events ${entry.seqs} and pages ${entry.pages} were written without proof, and taken over at ${entry.at} (entry ${number}): right if a worker of an earlier version ran then`,
          );
        await this.#compareRoot(number, entry, state);
        return this.#compareTakenOver(number, entry);
      case 'clear':
        this.#cleared.push({ first: 1, last: entry.upto });
        return;
      case 'retention':
        this.#cleared.push(...parsedRanges(entry.seqs));
        return;
      case 'key':
        this.#keys.push(entry);
        return;
      case 'erase':
        this.#erased.add(entry.seq);
        return this.#rejects.erase(entry.rejects);
      case 'reject':
      case 'answer':
        return this.#rejects.expect(entry.rows);
      case 'gap':
        return this.#rejects.expectGap(entry);
      case 'restore':
        return this.#restore(number, entry);
      case 'object':
        return this.#objects.add(number, entry);
      case 'compacted':
        return this.#objects.merge(number, entry);
    }
  }

  /** The entry itself is in the tree already. */
  #restore(number: number, { at, entries, journalroot, lost }: JournalEntry & { kind: 'restore' }): void {
    if (entries !== number - 1 || journalroot !== this.#rootBefore)
      this.#contradict(`Entry ${number} of the journal says that the store was set back to another state.`);
    this.#heads.restore({ entry: number, at, lost });
  }

  async #compareRoot(number: number, { size, root }: { size: number; root: string }, state: ProofState): Promise<void> {
    const before = this.#events.size;
    for (const at of this.#heads.eventsWithin(before, size)) {
      await this.#events.advance(at, state.events);
      this.#heads.compare('events', this.#events, this.#events.size);
    }
    if (size < before)
      return this.#contradict(`Entry ${number} of the journal says ${counted(size, 'event')}, after ${before}.`);
    await this.#events.advance(size, state.events);
    if (size > before) this.#heads.compare('events', this.#events, this.#events.size);
    // All later roots are wrong too: the first one tells where.
    if (!this.#named.isRight || this.#events.root().toString('base64') === root) {
      this.#named.size = size;
      return;
    }
    this.#named.isRight = false;
    const isIn = (seq: number | null) => seq !== null && seq > this.#named.size && seq <= size;
    if (this.#contradictions.some(({ seq }) => isIn(seq))) return;
    const seqs = rangeText(Math.min(this.#named.size + 1, size), size);
    this.#report({
      seq: this.#named.size + 1,
      text: `The hashes of the events up to ${seqs} are not those that entry ${number} of the journal names.`,
    });
  }

  async #comparePage(entry: JournalEntry & { kind: 'page' }, state: ProofState): Promise<void> {
    if (entry.page !== this.#pages + 1) this.#contradict(`The journal lacks page ${this.#pages + 1} of audit_pages.`);
    this.#pages = entry.page;
    const row = await this.#ledgerRow(entry.page, state);
    const seqs = parsedRanges(entry.seqs)[0] ?? { first: null, last: null };
    const isSame =
      row !== undefined &&
      row.committedAt === entry.at &&
      row.generation === entry.generation &&
      row.events === entry.events &&
      row.newEvents === entry.new &&
      row.rejected === entry.rejected &&
      row.digest === entry.digest &&
      row.firstSeq === seqs.first &&
      row.lastSeq === seqs.last &&
      pageTexts(row) === entry.texts;
    if (isSame) return;
    const what = row ? 'is not the one that was written' : 'is missing';
    this.#report({ seq: seqs.first, text: `Page ${entry.page} of audit_pages ${what}.` });
  }

  async #compareTakenOver(number: number, entry: JournalEntry & { kind: 'takeover' }): Promise<void> {
    const [pages] = parsedRanges(entry.pages);
    if (!pages) return;
    const rows = await this.#reader.pages(this.#collector, pages.first - 1, pages.last);
    this.#pages = pages.last;
    if (ledgerDigest(rows) !== entry.ledger)
      this.#contradict(
        `Pages ${entry.pages} of audit_pages are not those that entry ${number} of the journal took over.`,
      );
  }

  async #ledgerRow(number: number, { lastPage }: ProofState): Promise<ProvenPage | undefined> {
    if (!this.#ledger.some((row) => row.number >= number)) {
      const upTo = Math.min(lastPage, number + entriesAtOnce);
      this.#ledger = await this.#reader.pages(this.#collector, number - 1, Math.max(upTo, number));
    }
    return this.#ledger.find((row) => row.number === number);
  }

  #ofLaterVersion(): string[] {
    if (this.#later.length === 0) return [];
    const [first] = this.#later;
    const which =
      this.#later.length === 1 ? `entry ${first} of` : `${this.#later.length} entries, from ${first} on, of`;
    return [`${which} the journal: of a later version of Trawl, which can verify them`];
  }

  /** @returns how many events were cleared, and how many were erased that no clearing has taken */
  #judgeMissing(): { cleared: number; erased: number } {
    const isIn = (ranges: readonly Range[], seq: number) =>
      ranges.some(({ first, last }) => first <= seq && seq <= last);
    const { missing } = this.#events;
    const cleared = joined(this.#cleared);
    const erased = [...this.#erased].filter((seq) => isIn(missing, seq) && !isIn(cleared, seq));
    const explained = this.#missingWithin(joined([...cleared, ...erased.map((seq) => ({ first: seq, last: seq }))]));
    return { cleared: explained - erased.length, erased: erased.length };
  }

  /** Reports what is missing although no entry says why. @returns the number of the others */
  #missingWithin(ranges: readonly Range[]): number {
    let cleared = 0;
    for (const { first, last } of this.#events.missing) {
      for (let seq = first; seq <= last; ) {
        const range = ranges.find((one) => one.last >= seq);
        if (range && range.first <= seq) {
          const end = Math.min(last, range.last);
          cleared += end - seq + 1;
          seq = end + 1;
          continue;
        }
        const end = Math.min(last, (range?.first ?? Infinity) - 1);
        const which = seq === end ? `Event ${seq} is` : `Events ${seq} to ${end} are`;
        const text = `${which} missing, and no entry of the journal says why.`;
        if (this.#later.length === 0) this.#report({ seq, text });
        else this.#unchecked.push(text.replace(/^E(.*)\.$/, 'e$1 that this version knows'));
        seq = end + 1;
      }
    }
    return cleared;
  }

  #compareState({ events, pages, lastSeq, lastPage }: ProofState): void {
    const [seq, page] = [this.#events.size, this.#pages];
    if (events !== seq)
      this.#report({
        seq: Math.min(events, seq) + 1,
        text: `proof_heads says ${counted(events, 'event')}, the journal ${seq}.`,
      });
    if (pages !== page) this.#contradict(`proof_heads says ${counted(pages, 'page')}, the journal ${page}.`);
    if (lastSeq < seq)
      this.#report({
        seq: lastSeq + 1,
        text: `The checkpoint says ${counted(lastSeq, 'event')}, the journal ${seq}: the store is older than its proof, or was cut.`,
      });
    if (lastPage < page) this.#contradict(`The checkpoint says ${counted(lastPage, 'page')}, the journal ${page}.`);
    if (lastSeq <= seq && lastPage <= page) return;
    const what = lastSeq > seq ? `Events ${seq + 1} to ${lastSeq}` : `Pages ${page + 1} to ${lastPage}`;
    // Pages of this version are proven as they are written, unless the proof is still being made.
    if (this.#hasPage)
      this.#report({
        seq: lastSeq > seq ? seq + 1 : null,
        text: `${what} came without proof: from somebody else, or from a worker of an earlier version.`,
      });
    else this.#unchecked.push(`${what.toLowerCase()} are not in the proof yet`);
  }

  #contradict(text: string): void {
    this.#report({ seq: null, text });
  }

  #report(found: Contradiction): void {
    this.#contradictions.push(found);
  }
}

const strayTexts = {
  seq: (number: number) => `Event ${number} is beyond the last one that the checkpoint says: no page has brought it.`,
  page: (number: number) => `Page ${number} of audit_pages is beyond the last one that the checkpoint says.`,
  entry: (number: number) => `Entry ${number} of the journal is beyond the last one that proof_heads says.`,
};

/** The same numbers in ranges that neither overlap nor touch, in order. */
function joined(ranges: readonly Range[]): Range[] {
  const all: Range[] = [];
  for (const range of [...ranges].sort((one, other) => one.first - other.first)) {
    const last = all.at(-1);
    if (last && range.first <= last.last + 1) last.last = Math.max(last.last, range.last);
    else all.push({ ...range });
  }
  return all;
}
