import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { assigned, writeDotEnv } from '../../src/settings/dot-env.js';

const name = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,8}$/);
/** Values like keys and tokens, and worse. */
const value = fc.oneof(
  fc.string({ minLength: 1 }).map((text) => text.replace(/[\r\0]/g, '')),
  fc.stringMatching(/^[ \t#"'`\\$=n{}\n-]{1,12}$/),
  fc.base64String({ minLength: 1 }),
);

/** The text with the assignments, or null if it is refused. */
function attempt(text: string, assignments: Record<string, string | null>): string | null {
  try {
    return assigned(text, assignments);
  } catch (error) {
    expect(error).toMatchObject({ code: 'SETTINGS_INVALID' });
    return null;
  }
}

describe('an assignment in a .env file', () => {
  it('is read back unchanged and leaves the others unchanged, or is refused', () => {
    fc.assert(
      fc.property(fc.dictionary(name, value, { maxKeys: 4 }), name, value, (before, changed, to) => {
        const text = attempt('# kept\n', before);
        if (text === null || to === '') return;
        const after = attempt(text, { [changed]: to });
        if (after === null) return;
        expect({ ...parseEnv(after) }).toEqual({ ...parseEnv(text), [changed]: to });
        expect(after.startsWith('# kept\n')).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each(['secret', 'a b', 'a#b', "it's", 'say "no"', 'back\\slash\\n', '{"a": "b\'c"}', 'dGhl+/=='])(
    'accepts %j',
    (to) => {
      expect(parseEnv(assigned('', { KEY: to })).KEY).toBe(to);
    },
  );

  it.each([
    ['A=1\nKEY=old # why\nB=2\n', 'A=1\nKEY=new\nB=2\n'],
    ['A=1', 'A=1\nKEY=new\n'],
    ['KEY="old\nlong"\nB=2\n', 'KEY=new\nB=2\n'],
    ['export KEY=old\nKEY=older\nB=2', 'KEY=new\nB=2'],
    ['#KEY=old\nMY_KEY=1\n', '#KEY=old\nMY_KEY=1\nKEY=new\n'],
  ])('of %j', (before, after) => {
    expect(assigned(before, { KEY: 'new', OTHER: null })).toBe(after);
  });

  it('is refused if it would change the value of another', () => {
    expect(() => assigned('A="x\nKEY=1\ny"\n', { KEY: 'new' })).toThrow('.env file has a form');
    expect(() => assigned('', { KEY: ` #'"\`` })).toThrow('cannot be written');
  });
});

it('a .env file is written only for its owner, also through a link', () => {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-env-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [file, link] = [join(folder, 'real'), join(folder, '.env')];
  writeFileSync(file, 'A=1\n', { mode: 0o644 });
  symlinkSync(file, link);
  writeDotEnv(link, 'A=2\n');
  expect([readFileSync(link, 'utf8'), readFileSync(file, 'utf8')]).toEqual(['A=2\n', 'A=2\n']);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(() => writeDotEnv(join(folder, 'absent', '.env'), '')).toThrow('cannot be written');
});
