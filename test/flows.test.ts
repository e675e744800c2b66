import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../scripts/setup.mjs';

const read = (path: string) => readFileSync(join(root, path), 'utf8');

const rows = [
  ...read('ARCHITECTURE.md').matchAll(/^\| ([MSU]\d\d[a-z]?)[ ,].*? +\| `(\w+)` +\| `([\w/.-]+)` +\|$/gm),
].map(([, flow, name, file]) => ({ flow: flow!, name: name!, file: file! }));

/** The doc comment of a function or class in a file; undefined if the file defines none of that name. */
function docOf(text: string, name: string): string | undefined {
  const definition = `(?:export )?(?:async )?(?:function\\*?|class|const) ${name}\\b`;
  return new RegExp(`(?:/\\*\\*((?:(?!\\*/)[^])*)\\*/\\n)?^${definition}`, 'm').exec(text)?.slice(1)[0] ?? undefined;
}

describe("the article's flows", () => {
  it('are all in the table', () => {
    const flows = ['M10', 'S20', 'S21', 'S30', 'S31', 'S32', 'S33', 'S34', 'S35', 'S36', 'S37'];
    const utilities = ['U00', 'U01', 'U02', 'U03', 'U04', 'U10', 'U11', 'U11a', 'U12', 'U13', 'U20'];
    expect([...new Set(rows.map((row) => row.flow))]).toEqual([...flows, ...utilities]);
  });

  it.each(rows)('$flow: $file defines $name, whose doc comment names the flow', ({ flow, name, file }) => {
    expect(docOf(read(file), name)).toMatch(new RegExp(`\\b${flow}\\b`));
  });

  it("a missing function, and a doc comment without the flow's name, would fail this test", () => {
    expect(docOf('/** U10 Get */\nexport function other() {}', 'get')).toBeUndefined();
    expect(docOf('/** U10 Get */\n\nfunction get() {}', 'get')).toBeUndefined();
    expect(docOf('/** U10 Get */\nexport async function get() {}', 'get')).toContain('U10');
  });
});
