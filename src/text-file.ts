import { readFileSync } from 'node:fs';
import { reasonOf } from './errors.js';

/** A file is not text that Trawl can decode. */
class NotText extends Error {}

/**
 * Reads a file of text: UTF-8, or UTF-16 with a byte order mark, as some editors and PowerShell write. The mark is
 * removed. @throws an error that `whyUnreadable` puts into words.
 */
export function textOfFile(path: string): string {
  return decoded(readFileSync(path));
}

/** Says why `textOfFile` failed, without the path: someone may have put a secret there by mistake. */
export function whyUnreadable(error: unknown): string {
  return error instanceof NotText ? error.message : ((error as NodeJS.ErrnoException).code ?? reasonOf(error));
}

function decoded(bytes: Uint8Array): string {
  const encoding = encodingOf(bytes);
  const text = textIn(bytes, encoding);
  if (text === undefined) throw new NotText(`it is not ${encoding}: save it as UTF-8`);
  if (text.includes('\0')) throw new NotText('it is binary, or UTF-16 without a byte order mark: save it as UTF-8');
  return text;
}

function encodingOf([first, second]: Uint8Array): 'UTF-8' | 'UTF-16LE' | 'UTF-16BE' {
  if (first === 0xff && second === 0xfe) return 'UTF-16LE';
  return first === 0xfe && second === 0xff ? 'UTF-16BE' : 'UTF-8';
}

function textIn(bytes: Uint8Array, encoding: string): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
