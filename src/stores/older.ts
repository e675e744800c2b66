import { TrawlError } from '../errors.js';

/** Of a store that was to be looked at, and not changed. */
export function storeOlder(place: string, version: number, known: number): TrawlError {
  return new TrawlError(
    'STORE_OLDER',
    `${place} was written by an earlier version of Trawl (schema ${version}, this one has ${known}).`,
    { hint: 'The next start of a worker ("trawl up", "trawl worker") brings it up to date.' },
  );
}
