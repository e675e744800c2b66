import { readdirSync, readFileSync } from 'node:fs';
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

describe('imports', () => {
  const files = (folder: string): string[] =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(folder, name));

  it.each(files('workflows'))('%s brings in nothing that is not deterministic', (file) => {
    const imports = [...read(file).matchAll(/^import (?!type )[^;]*? from '([^']+)'/gms)].map(([, from]) => from!);
    expect(imports.filter((from) => !/^(@temporalio\/workflow|zod|\.\/[\w-]+\.js)$/.test(from))).toEqual([]);
  });

  it('of a source or a store do not reach into another', () => {
    for (const family of ['sources', 'stores']) {
      for (const file of files(join('src', family)).filter((path) => path.split('/').length > 3)) {
        const reached = [...read(file).matchAll(/from '\.\.\/(\w+)\//g)].map(([, folder]) => folder);
        expect(reached, file).toEqual([]);
      }
    }
  });

  it('are of files that are small', () => {
    const long = ['src', 'workflows', 'activities']
      .flatMap(files)
      .filter((file) => read(file).split('\n').length > 400);
    expect(long).toEqual([]);
  });
});
