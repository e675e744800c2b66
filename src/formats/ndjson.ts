import { compressed } from './compression.js';
import type { Format } from './format.js';

export const ndjson: Format = {
  name: 'ndjson',
  async encode(rows, { compression }) {
    const bytes = Buffer.from(rows.map(({ json }) => `${json}\n`).join(''));
    return compressed({ bytes, extension: 'ndjson', contentType: 'application/x-ndjson' }, compression);
  },
};
