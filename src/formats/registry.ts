import { TrawlError } from '../errors.js';
import { csv } from './csv.js';
import type { Format } from './format.js';
import { ndjson } from './ndjson.js';
import { parquet } from './parquet.js';

/** Every format of files. A new one is a file beside this one and an entry here. */
export const formats: readonly Format[] = [ndjson, csv, parquet];

/** @throws TrawlError SETTINGS_INVALID: the name may come from a batch that another release fixed. */
export function formatOf(name: string): Format {
  const format = formats.find((each) => each.name === name);
  if (format) return format;
  throw new TrawlError('SETTINGS_INVALID', `There is no file format ${JSON.stringify(name)}.`, {
    hint: `Use one of: ${formats.map((each) => each.name).join(', ')}.`,
  });
}
