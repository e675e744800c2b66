import { writeFileSync } from 'node:fs';
import { counted } from '../../counted.js';
import { reasonOf } from '../../errors.js';
import { headText, openedNote } from '../../proof/note.js';
import { proofText } from '../../proof/proofs.js';
import { followedKeys } from '../../proof/rotation.js';
import { keyEntries } from '../../stores/journal-facts.js';
import type { Store } from '../../stores/store.js';
import { type EventProof, verifyEvent } from '../../stores/verify-event.js';
import { print, printable, printJson } from '../output.js';
import { WrongCall } from '../wrong-call.js';
import { isSignedBy } from './heads.js';
import { contradicted, notAllShown, proven } from './text.js';

interface EventOptions {
  event: number;
  key?: readonly string[] | undefined;
  /** File to write the proof to. */
  proof?: string | undefined;
  json?: boolean | undefined;
}

/** `trawl verify NAME --event SEQ`: proves that one event is among those that the newest head stands for. */
export async function verifyOneEvent(store: Store, name: string, options: EventOptions): Promise<number> {
  const { event: seq, key } = options;
  const { eventsNote, store: began } = await store.proof.state(name);
  const opened = eventsNote === null ? null : openedNote(eventsNote, '');
  const found = await verifyEvent(store.proof, name, seq, opened?.head ?? null);
  if (!found) {
    throw new WrongCall(
      `${name} has no event ${seq} in its proof.`,
      `Give the sequence number of an event: trawl events ${name} shows them.`,
    );
  }
  const isStored = opened?.head === found.head;
  const keys = isStored && key ? followedKeys(key, await keyEntries(store, name), `${began}/${name}`) : [];
  const isSigned = isStored && isSignedBy({ text: eventsNote! }, keys);
  const code = codeOf(found, isSigned, keys);
  const note = isStored ? eventsNote! : `${headText(found.head)}\n`;
  if (options.proof !== undefined && code !== contradicted) save(options.proof, proofText(seq - 1, found.proof, note));
  if (options.json) await printJson(eventJson(name, seq, found, code));
  else await print(eventText(name, seq, found, code));
  return code;
}

function codeOf({ contradiction }: EventProof, isSigned: boolean, keys: readonly string[]): number {
  if (contradiction !== null || (keys.length > 0 && !isSigned)) return contradicted;
  return isSigned ? proven : notAllShown;
}

function eventJson(collector: string, seq: number, { row, proof, head, contradiction }: EventProof, code: number) {
  const outcome = { [proven]: 'proven', [contradicted]: 'contradicted', [notAllShown]: 'not all shown' }[code];
  return {
    ...{ outcome, collector, seq, stored: row !== null, contradiction },
    head: { origin: head.origin, size: head.size, root: head.root.toString('base64') },
    proof: proof.map((hash) => hash.toString('base64')),
  };
}

function eventText(collector: string, seq: number, { row, head, contradiction }: EventProof, code: number): string {
  const what = row
    ? `${printable(row.id)}, ${printable(row.type)}, ${printable(row.timestamp)}`
    : 'no longer stored; its hash is';
  const lines = [`event         ${seq} of ${collector} (${what})`, `head          ${head.origin}, size ${head.size}`];
  if (code === contradicted)
    lines.push(`CONTRADICTED: ${printable(contradiction ?? 'the head is not signed by the given key.')}`);
  else if (code === proven)
    lines.push(`PROVEN: event ${seq} is one of the ${counted(head.size, 'event')} that the signed head stands for.`);
  else
    lines.push(
      'not shown     by whom the head was made: give the key that signs it (--key)',
      `NOTHING CONTRADICTS event ${seq}: it is one of the ${counted(head.size, 'event')} that the head stands for.`,
    );
  return `${lines.join('\n')}\n`;
}

/** Only a new file: nothing else must be lost. */
function save(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx' });
  } catch (error) {
    throw new WrongCall(`${file} cannot be written: ${reasonOf(error)}.`, 'Specify a new file.', error);
  }
}
