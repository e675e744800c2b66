import { writeFileSync } from 'node:fs';
import { reasonOf } from '../../errors.js';
import { type Head, headText, openedNote, parsedHead } from '../../proof/note.js';
import type { ProofState } from '../../stores/proof-reader.js';
import { textOfFile, whyUnreadable } from '../../text-file.js';
import { WrongCall } from '../wrong-call.js';

/** A head, from where, and the text that may sign it. */
export interface GivenHead {
  head: Head;
  from: string;
  text: string;
}

/** Whether one of these keys has signed a head. */
export function isSignedBy({ text }: Pick<GivenHead, 'text'>, vkeys: readonly string[]): boolean {
  return vkeys.some((vkey) => openedNote(text, vkey)?.isSigned);
}

export function storedHead(note: string | null): GivenHead[] {
  const opened = note === null ? null : openedNote(note, '');
  if (opened === null) return [];
  const { head } = opened;
  return [{ head, from: `The head of ${head.origin} in the store`, text: note! }];
}

/** Entries after the newest signed head, for which nobody has signed. */
export function unsigned({ entries }: ProofState, stored: readonly GivenHead[]): string[] {
  const size = Math.max(
    0,
    ...stored.filter(({ head }) => head.origin.endsWith('/journal')).map(({ head }) => head.size),
  );
  return size < entries ? [`entries ${size + 1} to ${entries} of the journal are not signed`] : [];
}

export function headOf(file: string): GivenHead {
  let text: string;
  try {
    text = textOfFile(file);
  } catch (error) {
    throw new WrongCall(`The head ${file} cannot be read: ${whyUnreadable(error)}.`, 'Specify another file.', error);
  }
  const head = openedNote(text, '')?.head ?? parsedHead(text);
  if (head) return { head, from: `The head ${file}`, text };
  throw new WrongCall(
    `${file} is not a head.`,
    'Specify a file that "trawl verify NAME --save-head FILE" has written.',
  );
}

/** Only a new file: an earlier head must not be lost. */
export function saveHead(file: string, head: Head): void {
  try {
    writeFileSync(file, headText(head), { flag: 'wx' });
  } catch (error) {
    throw new WrongCall(`${file} cannot be written: ${reasonOf(error)}.`, 'Specify a new file.', error);
  }
}
