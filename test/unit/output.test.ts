import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { print, printable, printableJson, printJson, table, tell } from '../../src/cli/output.js';
import { valueText } from './support/json-text.js';

/** Unicode's controls, line and paragraph separators, and marks that change the direction of text. */
const harmful = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a text for a terminal', () => {
  it('has every harmful Unicode character escaped, and no other changed', () => {
    const wrong: string[] = [];
    for (let code = 0; code <= 0xffff; code += 1) {
      const character = String.fromCharCode(code);
      const shown = `\\u${code.toString(16).padStart(4, '0')}`;
      if (printable(character) !== (harmful.test(character) ? shown : character)) wrong.push(shown);
    }
    expect(wrong).toEqual([]);
  });

  it.each([
    ['a colour', '\u001b[31mred', '\\u001b[31mred'],
    ['a title', '\u001b]0;x\u0007', '\\u001b]0;x\\u0007'],
    ['an eight-bit control', '\u009b2J', '\\u009b2J'],
    ['an extra line', 'a\nb\rc', 'a\\u000ab\\u000dc'],
    ['reversed text', 'a\u202eb', 'a\\u202eb'],
    ['harmless text', 'é 漢 😀 \\u001b', 'é 漢 😀 \\u001b'],
  ])('shows %s', (_, text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it('has nothing harmful left, whatever the input', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(printable(text)).not.toMatch(harmful);
      }),
      { numRuns: 300 },
    );
  });
});

describe('JSON for a terminal', () => {
  it('means the same, on one line, without anything harmful', () => {
    const texts = fc.oneof(
      valueText,
      fc.jsonValue().map((value) => JSON.stringify(value, null, '\t')),
    );
    fc.assert(
      fc.property(texts, fc.string({ unit: 'binary' }), (text, hidden) => {
        const json = `[${text},${JSON.stringify(hidden)}]`;
        const shown = printableJson(json);
        expect(shown).not.toMatch(harmful);
        expect(JSON.stringify(JSON.parse(shown))).toBe(JSON.stringify(JSON.parse(json)));
      }),
      { numRuns: 500 },
    );
  });

  it('keeps the numbers and escapes of the source', () => {
    expect(printableJson('{"n":12345678901234567890,\n"z":1.50,"e":"\\u003c","c":"\u007f\u009b"}')).toBe(
      '{"n":12345678901234567890, "z":1.50,"e":"\\u003c","c":"\\u007f\\u009b"}',
    );
  });
});

describe('a table', () => {
  it('has columns as wide as their widest cell, and no space at the ends of lines', () => {
    expect(
      table(
        ['NAME', 'N'],
        [
          ['a', '1'],
          ['longer', '22'],
        ],
      ),
    ).toBe('NAME    N\na       1\nlonger  22\n');
  });

  it('of no rows is its headings', () => {
    expect(table(['A', 'B'], [])).toBe('A  B\n');
  });

  it('cannot be broken by a cell', () => {
    const text = table(['A', 'B'], [['x\u001b[2J\ny', 'z']]);
    expect(text.split('\n')).toHaveLength(3);
    expect(text).not.toContain('\u001b');
    expect(text).toMatch(/^A {2,}B\n/);
  });
});

describe('what is written', () => {
  it('as a result goes to standard output, JSON with its raw numbers', async () => {
    const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    await print('text');
    await printJson({ n: 1, list: [] });
    expect(written.mock.calls.map(([text]) => text).join('')).toBe('text{\n  "n": 1,\n  "list": []\n}\n');
  });

  it('waits for a slow reader', async () => {
    vi.spyOn(process.stdout, 'write').mockReturnValue(false);
    let done = false;
    const printed = print('text').then(() => {
      done = true;
    });
    await Promise.resolve();
    await Promise.resolve();
    expect(done).toBe(false);
    process.stdout.emit('drain');
    await printed;
    expect(done).toBe(true);
  });

  it('for people goes to standard error', () => {
    const out = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const err = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    tell('a warning');
    expect(out).not.toHaveBeenCalled();
    expect(err.mock.calls.map(([text]) => text).join('')).toBe('a warning\n');
  });
});
