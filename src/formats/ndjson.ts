import { compressed } from './compression.js';
import type { Format, FormatRow } from './format.js';

/** Long enough for compression to take it at once, and short beside a batch. */
const partLength = 512 * 1024;

export const ndjson: Format = {
  name: 'ndjson',
  encode: (rows, { compression }) =>
    compressed(lines(rows), { extension: 'ndjson', contentType: 'application/x-ndjson' }, compression),
};

function* lines(rows: Iterable<FormatRow>): Generator<string> {
  let part = '';
  for (const { json } of rows) {
    part += `${json}\n`;
    if (part.length < partLength) continue;
    yield part;
    part = '';
  }
  yield part;
}
