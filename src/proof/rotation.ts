import { verify } from 'node:crypto';
import type { JournalEntry } from './entry-schema.js';
import { newSigningKey, type Signer, signerOf, verifierOf } from './note.js';

type KeyEntry = JournalEntry & { kind: 'key' };

/** Both keys sign for so long, so that whoever checks has the time to learn of the new one. */
const bothSignMs = 24 * 3_600_000;

/** The text that an old key signs about the new one. @param origin identity of the store, and collector */
export function rotationText(origin: string, { at, old, new: next }: Pick<KeyEntry, 'at' | 'old' | 'new'>): string {
  return `trawl-key/1\n${origin}\n${at}\n${old}\n${next}\n`;
}

/** A key, and until when it signs beside its successor; RFC 3339. */
interface AgedKey extends Signer {
  until: string;
}

/**
 * The signer of a file of keys: one in each line, the newest first, an older one with the time until which it signs as well.
 * Null if a line is no key.
 */
export function keysSigner(file: string): Signer | null {
  const keys: AgedKey[] = [];
  for (const line of file.trim().split('\n')) {
    const [key = '', until = ''] = line.trim().split(/\s+/);
    const signer = signerOf(key);
    if (!signer || (keys.length > 0 && until === '')) return null;
    keys.push({ ...signer, until });
  }
  const [newest, ...older] = keys as [AgedKey, ...AgedKey[]];
  if (older.length === 0) return newest;
  return {
    ...newest,
    sign: (head, now = new Date().toISOString()) => {
      const lines = older.filter(({ until }) => now < until).map((key) => lastLine(key.sign(head, now)));
      return `${newest.sign(head, now)}${lines.join('')}`;
    },
    changes: (note, where) => {
      const last = keys.findIndex((key) => isSignedBy(note, key));
      const entries: KeyEntry[] = [];
      for (let at = last; at > 0; at -= 1) entries.push(changed(keys[at]!, keys[at - 1]!, where));
      return entries;
    },
  };
}

function lastLine(note: string): string {
  return note.slice(note.lastIndexOf('\n', note.length - 2) + 1);
}

/** Whether a note has a line of the key. It is this store's own: it only tells which keys have signed here. */
function isSignedBy(note: string, { vkey }: Signer): boolean {
  const { name, id } = verifierOf(vkey)!;
  return note.split('\n').some((line) => {
    const [dash, of, encoded = ''] = line.split(' ');
    return dash === '—' && of === name && Buffer.from(encoded, 'base64').subarray(0, 4).equals(id);
  });
}

function changed(old: Signer, next: Signer, { origin, now }: { origin: string; now: string }): KeyEntry {
  const fact = { kind: 'key', at: now, old: old.vkey, new: next.vkey } as const;
  return { ...fact, signature: old.signature(rotationText(origin, fact)) };
}

/** The file with a new key that the first one of it is replaced by. Null if it is no file of keys. */
export function rotated(file: string, now: Date): { file: string; signer: Signer } | null {
  const before = keysSigner(file);
  if (!before) return null;
  const [first, ...older] = file.trim().split('\n') as [string, ...string[]];
  const key = newSigningKey(before.name);
  const until = new Date(now.getTime() + bothSignMs).toISOString();
  const text = `${[key, `${first.trim().split(/\s+/)[0]} ${until}`, ...older].join('\n')}\n`;
  return { file: text, signer: keysSigner(text)! };
}

/**
 * The keys that may sign the heads of a proof: those that are given, and each that one of them, or a follower, has named.
 * @param entries of the journal, in order
 */
export function followedKeys(given: readonly string[], entries: readonly KeyEntry[], origin: string): string[] {
  const trusted = [...given];
  for (const entry of entries) {
    if (trusted.includes(entry.new) || !trusted.includes(entry.old)) continue;
    const old = verifierOf(entry.old);
    const text = Buffer.from(rotationText(origin, entry));
    if (old && verify(null, text, old.key, Buffer.from(entry.signature, 'base64'))) trusted.push(entry.new);
  }
  return trusted;
}
