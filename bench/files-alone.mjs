import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { HttpClient } from '../dist/src/http/client.js';
import { resolveCollector } from '../dist/src/settings/collector.js';
import { AsaClient } from '../dist/src/sources/asa/client.js';
import { asa } from '../dist/src/sources/asa/source.js';

/**
 * A collector of the simplest kind, for comparison: one page after the other becomes a gzip file, on the disk before
 * the next request. `files-alone.mjs FOLDER` reads the settings of ASA from its environment. Plain JavaScript, so that
 * no compiler counts.
 */
const folder = process.argv[2];
const http = new HttpClient({}, {});
const client = new AsaClient(http, resolveCollector('asa', [asa], {}, process.env).values, false);
let number = 0;
for (let offset = '', more = true; more; number += 1) {
  const page = await client.fetchPage(offset);
  const lines = page.content.events.map(({ rawEvent }) => `${rawEvent}\n`);
  const file = openSync(join(folder, `${String(number).padStart(8, '0')}.ndjson.gz`), 'wx');
  writeSync(file, gzipSync(lines.join('')));
  fsyncSync(file);
  closeSync(file);
  ({ nextOffset: offset, more } = page);
}
await http.close();
