import { setImmediate } from 'node:timers/promises';
import { TrawlError } from '../errors.js';
import { compressed } from './compression.js';
import { eventCsvHead, eventCsvRows } from './event-csv.js';
import type { Format } from './format.js';

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
    const parts = [eventCsvHead()];
    for (let at = 0; at < rows.length; at += rowsAtOnce) {
      parts.push(eventCsvRows(rows.slice(at, at + rowsAtOnce).map(({ event }) => event)));
      await setImmediate();
    }
    return compressed(
      { bytes: Buffer.from(parts.join('')), extension: 'csv', contentType: 'text/csv; charset=utf-8' },
      compression,
    );
  },
};
