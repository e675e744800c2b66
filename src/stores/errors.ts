import { reasonOf, TrawlError } from '../errors.js';

/** Trawl's error for an error of a database. */
export interface Meaning {
  code: ConstructorParameters<typeof TrawlError>[0];
  what: string;
  hint: string;
}

/** @param place name of the store, without secrets */
export function storeError(error: unknown, place: string, meaning: Meaning | undefined): TrawlError {
  const reason = reasonOf(error);
  if (meaning)
    return new TrawlError(meaning.code, `The store ${place} ${meaning.what} (${reason}).`, {
      hint: meaning.hint,
      cause: error,
    });
  return new TrawlError('STORE_FAILED', `The store ${place} failed: ${reason}.`, {
    hint: 'Nothing was written. Report this with the message above.',
    cause: error,
  });
}

/** Error for a read-only open of an outdated store. */
export function storeOlder(place: string, version: number, known: number): TrawlError {
  return new TrawlError(
    'STORE_OLDER',
    `${place} was written by an earlier version of Trawl (schema ${version}, this one has ${known}).`,
    { hint: 'The next worker to start ("trawl up", "trawl worker") migrates it.' },
  );
}
