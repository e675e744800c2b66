import { eventLeaf } from '../proof/event-leaf.js';
import { hashBytes } from '../proof/hashes.js';
import type { Head } from '../proof/note.js';
import { inclusionProof, type ReadHashes, rootOfFirst, rootOfInclusion } from '../proof/proofs.js';
import { tileHashes } from '../proof/tree.js';
import type { ProofLog, ProofReader, ProvenRow } from './proof-reader.js';

/** The proof of one event. */
export interface EventProof {
  /** Null if it is not stored any more: its hash is. */
  row: ProvenRow | null;
  /** Hashes that lead from the hash of the event to the root of the head. */
  proof: Buffer[];
  head: Head;
  /** What is wrong; null if nothing is. */
  contradiction: string | null;
}

/** Reads hashes of a collector's tree from the stored tiles. */
export function storedHashes(reader: ProofReader, collector: string, log: ProofLog): ReadHashes {
  return async (level, index, count) => {
    const number = Math.floor(index / tileHashes);
    const [tile] = await reader.tiles(collector, log, level, { from: number, to: number });
    const at = (index % tileHashes) * hashBytes;
    return tile?.hashes.subarray(at, at + count * hashBytes) ?? Buffer.alloc(0);
  };
}

/**
 * Proves that an event is in the tree of a head.
 * @param signed the head to prove it in; if it is null or older than the event, the tree as it is stored now
 * @returns null if there is no event with this number
 */
export async function verifyEvent(
  reader: ProofReader,
  collector: string,
  seq: number,
  signed: Head | null,
): Promise<EventProof | null> {
  const { store, events } = await reader.state(collector);
  if (seq < 1 || seq > events) return null;
  const read = storedHashes(reader, collector, 'events');
  const [row = null] = await reader.rows(collector, { afterSeq: seq - 1, upToSeq: seq, limit: 1 });
  const found = await proven(read, seq, signed !== null && seq <= signed.size ? signed : null, {
    origin: `${store}/${collector}/events`,
    size: events,
  }).catch((error: unknown) => {
    if (error instanceof RangeError) return null;
    throw error;
  });
  if (!found) {
    const head = { origin: `${store}/${collector}/events`, size: events, root: Buffer.alloc(hashBytes) };
    return { row, proof: [], head, contradiction: 'Hashes of its proof are missing from proof_tiles.' };
  }
  const { stored, proof, head } = found;
  const leaf = row === null ? stored : Buffer.from(eventLeaf(collector, row), 'latin1');
  const isChanged = !leaf.equals(stored);
  const leads = rootOfInclusion(leaf, seq - 1, head.size, proof)?.equals(head.root) ?? false;
  let contradiction: string | null = null;
  if (isChanged) contradiction = `Event ${seq} is not the one that was stored: its row or its hash was changed.`;
  else if (!leads) contradiction = `Event ${seq} is not in the tree of the head of ${head.origin}, size ${head.size}.`;
  return { row, proof, head, contradiction };
}

async function proven(read: ReadHashes, seq: number, signed: Head | null, now: { origin: string; size: number }) {
  const stored = await read(0, seq - 1, 1);
  if (stored.length !== hashBytes) throw new RangeError(`the hash of event ${seq} is missing`);
  const head = signed ?? { ...now, root: await rootOfFirst(now.size, read) };
  return { stored, proof: await inclusionProof(seq - 1, head.size, read), head };
}
