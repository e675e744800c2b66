import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import type { JournalEntry } from './entry-schema.js';
import { hashBytes } from './hashes.js';

/** The head of a log (C2SP tlog-checkpoint): everything that the log has is in its root. */
export interface Head {
  origin: string;
  size: number;
  root: Buffer;
}

/** Signs heads (C2SP signed-note, Ed25519). */
export interface Signer {
  name: string;
  /** The key that checks signatures, in the form of `golang.org/x/mod/sumdb/note`. */
  vkey: string;
  /** @param now RFC 3339: an older key signs beside its successor for a while only. @returns the note */
  sign(head: Head, now?: string): string;
  /** @returns its signature of a text, in base64 */
  signature(text: string): string;
  /**
   * The entries of the journal that lead from the key that has signed a note to this one; absent if there is only one key.
   * @param where identity of the store and collector, and the time
   */
  changes?(note: string, where: { origin: string; now: string }): (JournalEntry & { kind: 'key' })[];
}

const ed25519 = 1;
const privatePrefix = Buffer.from('302e020100300506032b657004220420', 'hex');
const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex');
const keyBytes = 32;

/** @param name says whose key it is; without spaces and plus signs. @returns the private key in Go's form */
export function newSigningKey(name: string): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(privatePrefix.length);
  const id = keyId(name, publicKeyOf(privateKey)).toString('hex');
  return `PRIVATE+KEY+${name}+${id}+${Buffer.concat([Buffer.of(ed25519), seed]).toString('base64')}`;
}

/** Null if the text is not a private key of Go's form, or its id is not that of the key. */
export function signerOf(privateText: string): Signer | null {
  const match = /^PRIVATE\+KEY\+([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(privateText.trim());
  if (!match) return null;
  const [, name, id, encoded] = match as unknown as [string, string, string, string];
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.length !== 1 + keyBytes || bytes[0] !== ed25519) return null;
  const der = Buffer.concat([privatePrefix, bytes.subarray(1)]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const publicKey = publicKeyOf(key);
  if (keyId(name, publicKey).toString('hex') !== id) return null;
  return {
    name,
    vkey: `${name}+${id}+${Buffer.concat([Buffer.of(ed25519), publicKey]).toString('base64')}`,
    signature: (signed) => sign(null, Buffer.from(signed), key).toString('base64'),
    sign: (head) => {
      const text = headText(head);
      const signature = Buffer.concat([keyId(name, publicKey), sign(null, Buffer.from(text), key)]);
      return `${text}\n— ${name} ${signature.toString('base64')}\n`;
    },
  };
}

export function headText({ origin, size, root }: Head): string {
  return `${origin}\n${size}\n${root.toString('base64')}\n`;
}

/** A head and whether it is signed by the key; null if the text is not the note of a head. */
export function openedNote(note: string, vkey: string): { head: Head; isSigned: boolean } | null {
  const end = note.lastIndexOf('\n\n');
  if (end < 0) return null;
  const [text, signatures] = [note.slice(0, end + 1), note.slice(end + 2)];
  const head = parsedHead(text);
  if (!head) return null;
  const key = verifierOf(vkey);
  if (!key) return { head, isSigned: false };
  const isSigned = signatures.split('\n').some((line) => {
    const [dash, name, encoded = ''] = line.split(' ');
    const bytes = Buffer.from(encoded, 'base64');
    if (dash !== '—' || name !== key.name || !bytes.subarray(0, 4).equals(key.id)) return false;
    return verify(null, Buffer.from(text), key.key, bytes.subarray(4));
  });
  return { head, isSigned };
}

/** Null if it is not the text of a head. Further lines are extensions, which readers ignore. */
export function parsedHead(text: string): Head | null {
  const [origin, size, encoded] = text.split('\n');
  if (!origin || !/^(0|[1-9]\d{0,15})$/.test(size ?? '') || !/^[A-Za-z0-9+/]{43}=$/.test(encoded ?? '')) return null;
  return { origin, size: Number(size), root: Buffer.from(encoded!, 'base64') };
}

/** Null if the text is not the public part of an Ed25519 key of Go's form. */
export function verifierOf(vkey: string): { name: string; id: Buffer; key: KeyObject } | null {
  const match = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(vkey.trim());
  if (!match) return null;
  const [, name, id, encoded] = match as unknown as [string, string, string, string];
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.length !== 1 + hashBytes || bytes[0] !== ed25519 || keyId(name, bytes.subarray(1)).toString('hex') !== id)
    return null;
  const key = createPublicKey({ key: Buffer.concat([publicPrefix, bytes.subarray(1)]), format: 'der', type: 'spki' });
  return { name, id: Buffer.from(id, 'hex'), key };
}

function publicKeyOf(key: KeyObject): Buffer {
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(publicPrefix.length);
}

function keyId(name: string, publicKey: Buffer): Buffer {
  const bytes = Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(ed25519), publicKey]);
  return Buffer.from(hash('sha256', bytes, 'hex').slice(0, 8), 'hex');
}
