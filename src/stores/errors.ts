import { reasonOf, TrawlError } from '../errors.js';

/** What an error of a database comes to, and what a person can do about it. */
export interface Meaning {
  code: ConstructorParameters<typeof TrawlError>[0];
  what: string;
  hint: string;
}

/** @param place for people: without what is secret */
export function storeError(error: unknown, place: string, meaning: Meaning | undefined): TrawlError {
  const reason = reasonOf(error);
  if (meaning)
    return new TrawlError(meaning.code, `The store ${place} ${meaning.what} (${reason}).`, {
      hint: meaning.hint,
      cause: error,
    });
  return new TrawlError('STORE_FAILED', `The store ${place} failed: ${reason}.`, {
    hint: 'Nothing was written; report this with the message above.',
    cause: error,
  });
}

/** Of a store that was to be looked at, and not changed. */
export function storeOlder(place: string, version: number, known: number): TrawlError {
  return new TrawlError(
    'STORE_OLDER',
    `${place} was written by an earlier version of Trawl (schema ${version}, this one has ${known}).`,
    { hint: 'The next start of a worker ("trawl up", "trawl worker") brings it up to date.' },
  );
}
