import { TrawlError } from '../errors.js';
import { csv } from './csv.js';
import type { Format } from './format.js';
import { ndjson } from './ndjson.js';
import { parquet } from './parquet.js';

/** Every file format. To add one, create a file beside this one and add an entry here. */
export const formats: readonly Format[] = [ndjson, csv, parquet];

/** @throws TrawlError SETTINGS_INVALID if it is unknown: the name may come from a batch that another release fixed */
export function formatOf(name: string): Format {
  const format = formats.find((each) => each.name === name);
  if (format) return format;
  throw new TrawlError('SETTINGS_INVALID', `Unknown file format ${JSON.stringify(name)}.`, {
    hint: `Use one of: ${formats.map((each) => each.name).join(', ')}.`,
  });
}
