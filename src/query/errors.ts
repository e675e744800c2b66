import { TrawlError } from '../errors.js';

/** @param reason the database's own words, without a full stop */
export function queryRefused(reason: string): TrawlError {
  return new TrawlError('QUERY_REFUSED', `The query failed: ${reason.replace(/\.$/, '')}.`, {
    hint: 'It is one statement that only reads; docs/tables.md has the tables and columns.',
  });
}

export function queryTooSlow(withinMs: number): TrawlError {
  return new TrawlError('QUERY_REFUSED', `The query was ended: it took longer than ${withinMs / 1000} s.`, {
    hint: 'Ask for less, for example for a time range by time_ns, or allow it more time with --seconds.',
  });
}

export function queryInterrupted(): TrawlError {
  return new TrawlError('QUERY_REFUSED', 'The query was interrupted.', { hint: 'Nothing has changed.' });
}
