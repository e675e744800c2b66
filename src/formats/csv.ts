import { setImmediate } from 'node:timers/promises';
import { TrawlError } from '../errors.js';
import { compressed } from './compression.js';
import { eventCsvHead, eventCsvRows } from './event-csv.js';
import type { Format } from './format.js';

/** Written at once: a whole batch takes up to a second, in which the worker would do nothing else. */
const rowsAtOnce = 1_000;

/** The columns of `trawl events --format csv`. Records of other schemas are nested, and no table. */
export const csv: Format = {
  name: 'csv',
  async encode(rows, { schema, compression }) {
    if (schema !== 'native') {
      throw new TrawlError('SETTINGS_INVALID', 'csv is of the schema native only.', {
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
