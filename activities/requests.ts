import { TrawlError } from '../src/errors.js';
import type { Source, SourceClient } from '../src/sources/source.js';
import type { Store } from '../src/stores/store.js';

/** The parts of an open collector that its rate limit depends on. */
interface Limited {
  source: Pick<Source, 'requestLimit'>;
  client: Pick<SourceClient, 'place'>;
}

/** Reserves a request to a source. @returns 0, or how long to wait, in ms, if the source allows none now */
export async function requestWait(store: Store, { source, client }: Limited): Promise<number> {
  return source.requestLimit ? store.reserveRequest(client.place, source.requestLimit) : 0;
}

export function paced(waitMs: number): TrawlError {
  return new TrawlError('RATE_LIMITED', `The source allows no further request for ${Math.ceil(waitMs / 1000)} s.`, {
    hint: 'The walk then continues automatically.',
    retryAfterMs: waitMs,
  });
}
