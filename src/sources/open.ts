import { TrawlError } from '../errors.js';
import type { HttpClient } from '../http/client.js';
import type { CollectorSettings } from '../settings/collector.js';
import type { FetchedPage, Source, SourceClient } from './source.js';

/** Opens the source of a collector. Errors name its settings the way they are set. */
export function openSource(source: Source, { values, asSet }: CollectorSettings, http: HttpClient): SourceClient {
  const client = source.open(values, http);
  return {
    get place() {
      return client.place;
    },
    async fetchPage(offset, signal): Promise<FetchedPage> {
      try {
        return await client.fetchPage(offset, signal);
      } catch (error) {
        if (error instanceof TrawlError) error.hint = asSet(error.hint);
        throw error;
      }
    },
  };
}
