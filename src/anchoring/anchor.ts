import { TrawlError } from '../errors.js';
import { hashBytes } from '../proof/hashes.js';
import { type Head, headText, openedNote, parsedHead } from '../proof/note.js';
import { rootOfFirst } from '../proof/proofs.js';
import { tileHashes } from '../proof/tree.js';
import type { ProofFolder } from '../sinks/sink.js';
import type { DurableProof, LostHead } from '../stores/anchors.js';
import type { Store } from '../stores/store.js';
import { storedHashes } from '../stores/verify-event.js';

/** A place where heads of a collector's proof are kept. */
export interface AnchorPlace {
  collector: string;
  /** As the ledger names it, such as `sink:archive`. */
  place: string;
  folder: ProofFolder;
}

/** Bounds of a file: of entries, which take some hundred bytes each, and of hashes, which take 32. */
const entriesAtOnce = 2_000;
const hashesAtOnce = 65_536;

/**
 * Keeps the newest head of a collector at a place, with the entries of the journal and the hashes of the events that came
 * since the one before: whoever has these files and the events needs nothing else to verify them. The head comes last.
 *
 * @returns false if the place has heads that the store lacks: then the fork is noted, and nothing is kept
 * @throws RangeError if hashes are missing from the store, and TrawlError as the place does
 */
export async function anchorHead(store: Store, anchor: AnchorPlace, signal?: AbortSignal): Promise<boolean> {
  const { collector, place, folder } = anchor;
  if ((await foundFork(store, anchor, signal)) !== null) return false;
  const proof = await store.anchors.settle(collector);
  const head = await headOf(store, collector, proof);
  const before = (await store.anchors.last(collector, place)) ?? { size: 0, events: 0 };
  if (head.size <= before.size) return true;
  const base = baseOf(collector, proof);
  const keep = async (name: string, bytes: Uint8Array) => {
    if (await folder.keep(`${base}/${name}`, bytes, signal)) return;
    throw new TrawlError('SINK_REFUSED', `${base}/${name} is there already, with other content.`, {
      hint: 'Each store has a folder of its own below _proof/. Find out what wrote the file.',
    });
  };
  const hashes = storedHashes(store.proof, collector, 'events');
  for (const [first, last] of parts(before.events, head.events, hashesAtOnce)) {
    const all: Buffer[] = [];
    for (let index = first - 1; index < last; ) {
      const count = Math.min(tileHashes - (index % tileHashes), last - index);
      all.push(await hashes(0, index, count));
      index += count;
    }
    const bytes = Buffer.concat(all);
    if (bytes.length !== (last - first + 1) * hashBytes) throw new RangeError('hashes of events are missing');
    await keep(`events/${rangeName(first, last)}.hashes`, bytes);
  }
  for (const [first, last] of parts(before.size, head.size, entriesAtOnce)) {
    const entries = await store.proof.entries(collector, first - 1, last - first + 1);
    const lines = entries.map((one) => `${JSON.stringify(one)}\n`).join('');
    await keep(`journal/${rangeName(first, last)}.ndjson`, Buffer.from(lines));
  }
  await keep(`heads/${headName(head.size)}`, Buffer.from(head.note));
  const at = new Date().toISOString();
  await store.anchors.keep(collector, place, { size: head.size, events: head.events, at });
  return true;
}

/**
 * Looks for heads at a place that the store does not go on from: it was set back to an earlier state. Notes that.
 * @returns the newest of them; null if there are none
 */
export async function foundFork(
  store: Store,
  { collector, place, folder }: AnchorPlace,
  signal?: AbortSignal,
): Promise<LostHead | null> {
  const proof = await store.anchors.settle(collector);
  if (proof.store === '') return null;
  const base = baseOf(collector, proof);
  const last = await store.anchors.last(collector, place);
  const names = await folder.after(`${base}/heads`, headName(last?.size ?? 0), signal).catch((error: unknown) => {
    // Keys that may write need not be allowed to list: then nothing can be found.
    if (error instanceof TrawlError && error.code === 'SINK_REFUSED') return [];
    throw error;
  });
  // After the names: another worker may have anchored in between.
  const { entries } = await store.proof.state(collector);
  const read = storedHashes(store.proof, collector, 'journal');
  for (const name of names.reverse()) {
    const note = await folder.get(`${base}/heads/${name}`, signal);
    const found = note && headIn(note);
    if (!found) continue;
    const isOurs = found.size <= entries && (await rootOfFirst(found.size, read)).equals(found.root);
    if (isOurs) return null;
    await store.anchors.noteFork(
      collector,
      `The proof is signed no longer: ${place} has a head of ${found.size} entries that this store does not go on from, so it was set back to an earlier state [PROOF_FORKED]`,
    );
    return { size: found.size, root: found.root.toString('base64') };
  }
  return null;
}

/** The newest signed head of the journal; without a key, the head as it is now. */
async function headOf(
  store: Store,
  collector: string,
  { store: began, entries, events, eventsNote, journalNote }: DurableProof,
): Promise<{ size: number; events: number; note: string }> {
  const signed = journalNote === null ? undefined : openedNote(journalNote, '')?.head;
  const ofEvents = eventsNote === null ? undefined : openedNote(eventsNote, '')?.head;
  if (signed && ofEvents) return { size: signed.size, events: ofEvents.size, note: journalNote! };
  const root = await rootOfFirst(entries, storedHashes(store.proof, collector, 'journal'));
  return { size: entries, events, note: headText({ origin: `${began}/${collector}/journal`, size: entries, root }) };
}

function headIn(bytes: Uint8Array): Head | null {
  const text = Buffer.from(bytes).toString('utf8');
  return openedNote(text, '')?.head ?? parsedHead(text);
}

/** The folder of one history: no file of another one can have its names. Readers of events pass over names with `_`. */
function baseOf(collector: string, { store, epoch }: DurableProof): string {
  return `_proof/${collector}/${store}-${epoch}`;
}

function headName(size: number): string {
  return `${digits(size)}.note`;
}

function rangeName(first: number, last: number): string {
  return `${digits(first)}-${digits(last)}`;
}

function digits(count: number): string {
  return String(count).padStart(12, '0');
}

/** Ranges of numbers after one up to another. */
function* parts(after: number, upTo: number, atOnce: number): Generator<[first: number, last: number]> {
  for (let first = after + 1; first <= upTo; first += atOnce) yield [first, Math.min(upTo, first + atOnce - 1)];
}
