import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../scripts/setup.mjs';

const read = (path: string) => readFileSync(join(root, path), 'utf8');

const rows = [
  ...read('ARCHITECTURE.md').matchAll(/^\| ([MSU]\d\d[a-z]?)[ ,].*? +\| `#?(\w+)` +\| `([\w/.-]+)` +\|$/gm),
].map(([, flow, name, file]) => ({ flow: flow!, name: name!, file: file! }));

describe("the article's flows", () => {
  it('are all in the table', () => {
    const flows = ['M10', 'S20', 'S21', 'S30', 'S31', 'S32', 'S33', 'S34', 'S35', 'S36', 'S37'];
    const utilities = ['U00', 'U01', 'U02', 'U03', 'U04', 'U10', 'U11', 'U11a', 'U12', 'U13', 'U20'];
    expect([...new Set(rows.map((row) => row.flow))]).toEqual([...flows, ...utilities]);
  });

  it.each(rows)('$flow is where the table says: $name in $file', ({ flow, name, file }) => {
    const text = read(file);
    expect(text).toMatch(new RegExp(`\\b${flow}\\b`));
    expect(text).toMatch(new RegExp(`\\b${name}\\b`));
  });
});
