import type { StoredEvent } from '../domain.js';
import { TrawlError } from '../errors.js';
import { compressed } from './compression.js';
import { eventCsvHead, eventCsvRows } from './event-csv.js';
import type { Format, FormatRow } from './format.js';

/** Rows per step: a whole batch takes up to a second, which would block the worker. */
const rowsAtOnce = 1_000;

/** The columns of `trawl events --format csv`. Records of other schemas are nested, so they do not fit into a table. */
export const csv: Format = {
  name: 'csv',
  async encode(rows, { schema, compression }) {
    if (schema !== 'native') {
      throw new TrawlError('SETTINGS_INVALID', 'csv supports only the schema native.', {
        hint: `Use the format ndjson or parquet for ${schema}.`,
      });
    }
    return compressed(parts(rows), { extension: 'csv', contentType: 'text/csv; charset=utf-8' }, compression);
  },
};

function* parts(rows: Iterable<FormatRow>): Generator<string> {
  yield eventCsvHead();
  let events: StoredEvent[] = [];
  for (const { event } of rows) {
    events.push(event);
    if (events.length < rowsAtOnce) continue;
    yield eventCsvRows(events);
    events = [];
  }
  yield eventCsvRows(events);
}
