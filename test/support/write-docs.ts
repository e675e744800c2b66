import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/setup.mjs';
import { docTables, withTables } from './doc-tables.js';

// `npm run docs`: regenerates the tables that the code generates.
for (const page of Object.keys(docTables)) {
  const path = join(root, page);
  writeFileSync(path, withTables(page, readFileSync(path, 'utf8')));
}
