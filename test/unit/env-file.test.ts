import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readProcessSettings } from '../../src/cli/process-settings.js';
import { TrawlError } from '../../src/errors.js';

const lines = ['TRAWL_LOG_LEVEL=warn', "ASA_TEAM='faulkner'", 'export ASA_KEY_ID="ü"', ''];
const values = { TRAWL_LOG_LEVEL: 'warn', ASA_TEAM: 'faulkner', ASA_KEY_ID: 'ü' };

function folderWith(bytes: string | Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-unit-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, '.env'), bytes);
  return folder;
}

const read = (bytes: string | Uint8Array) => readProcessSettings(folderWith(bytes), {}).env;

function refusal(bytes: string | Uint8Array): string {
  try {
    read(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(TrawlError);
    expect(error).toMatchObject({ code: 'SETTINGS_INVALID' });
    return (error as TrawlError).message;
  }
  throw new Error('it was taken');
}

function utf16(text: string, order: 'LE' | 'BE'): Buffer {
  const bytes = Buffer.from(text, 'utf16le');
  return order === 'LE' ? bytes : bytes.swap16();
}

describe('a .env file has the same settings', () => {
  const text = lines.join('\n');
  it.each([
    ['in UTF-8', text],
    ['with a byte order mark', `\ufeff${text}`],
    ['in UTF-16, little-endian', utf16(`\ufeff${text}`, 'LE')],
    ['in UTF-16, big-endian', utf16(`\ufeff${text}`, 'BE')],
    ['with the line ends of Windows', text.replaceAll('\n', '\r\n')],
    ['with the line ends of an old Mac', text.replaceAll('\n', '\r')],
    ['without a line end at its end', text.trimEnd()],
    ['with more space than needed', '  export   TRAWL_LOG_LEVEL\t=\twarn \t\nASA_TEAM= faulkner # ok\n \nASA_KEY_ID=ü'],
  ])('%s', (_, bytes) => {
    expect(read(bytes)).toEqual(values);
  });
});

describe('a .env file is refused', () => {
  it.each([
    ['in UTF-16 without a byte order mark', utf16(lines.join('\n').replace('ü', 'u'), 'LE')],
    ['in Latin-1', Buffer.from(lines.join('\n'), 'latin1')],
    ['that is cut off in a character of UTF-16', Buffer.from([0xff, 0xfe, 0x41])],
    ['that is binary', 'ASA_TEAM=a\0b\n'],
  ])('%s', (_, bytes) => {
    expect(refusal(bytes)).toMatch(/\.env cannot be read: .*UTF-8/);
  });

  it.each([
    ['ASA_TEAM hunter2', 'is not NAME=VALUE'],
    ['ASA_TEAM: hunter2', 'is not NAME=VALUE'],
    ['set ASA_TEAM=hunter2', 'is not NAME=VALUE'],
    ['$env:ASA_TEAM="hunter2"', 'is not NAME=VALUE'],
    ['=hunter2', 'is not NAME=VALUE'],
    ['hunter2', 'is not NAME=VALUE'],
    ['export ASA_TEAM', 'is not NAME=VALUE'],
    ['"ASA_TEAM"="hunter2"', 'is not NAME=VALUE'],
    ['\u200bASA_TEAM=hunter2', 'is not NAME=VALUE (it has an invisible character)'],
    ['ASA_TEAM\u00a0=hunter2', 'is not NAME=VALUE (it has a no-break or other special space)'],
    ['ASA_TEAM="hunter2', '(ASA_TEAM) has a quotation mark that is not closed'],
    ["ASA_TEAM='hunter2's'", '(ASA_TEAM) has text after the closing quotation mark'],
    ['ASA_TEAM="hun"ter2', '(ASA_TEAM) has text after the closing quotation mark'],
    ['ASA_TEAM=hun#ter2', '(ASA_TEAM) has a # that would begin a comment'],
    ['ASA_TEAM=#hunter2', '(ASA_TEAM) has a # that would begin a comment'],
    ['ASA_TEAM=\nhunter2', 'is not NAME=VALUE'],
  ])('whose line is %j, by its number and without the value', (line, problem) => {
    const message = refusal(`# first\n\nA="two\nlines"\n${line}\nB=1\n`);
    expect(message).toMatch(/line [56] /);
    expect(message).toContain(problem);
    expect(message).not.toMatch(/hun|ter2/);
  });

  it('with every line that is wrong', () => {
    expect(refusal('one\nA=1\ntwo\n')).toMatch(/line 1 is .*; line 3 is /);
  });
});

it('a .env file is read whole or refused: no setting is lost in silence', () => {
  const piece = fc.constantFrom('A', 'B', '=', ' ', '\n', '"', "'", '`', '#', '\t', 'export ', '\r\n', 'x', '\\n');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
      const text = `FIRST=1\n${pieces.join('')}\nLAST=1\n`;
      try {
        expect(read(text)).toMatchObject({ FIRST: '1', LAST: '1' });
      } catch (error) {
        if (!(error instanceof TrawlError)) throw error;
      }
    }),
    { numRuns: 500 },
  );
});
