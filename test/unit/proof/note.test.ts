import { describe, expect, it } from 'vitest';
import { headText, newSigningKey, openedNote, parsedHead, signerOf, verifierOf } from '../../../src/proof/note.js';

const head = { origin: 'trawl.example/7f3a/asa/journal', size: 17, root: Buffer.alloc(32, 7) };

describe('a signed head', () => {
  const key = newSigningKey('trawl.example');
  const signer = signerOf(key)!;
  const note = signer.sign(head);

  it('is a text, an empty line and a signature', () => {
    expect(note.startsWith(`${headText(head)}\n— trawl.example `)).toBe(true);
    expect(parsedHead(headText(head))).toEqual(head);
    expect(openedNote(note, signer.vkey)).toEqual({ head, isSigned: true });
  });

  it('may have signatures of others', () => {
    const other = signerOf(newSigningKey('another.example'))!;
    const line = other.sign(head).split('\n').at(-2);
    for (const both of [`${note}${line}\n`, note.replace('\n\n', `\n\n${line}\n`)]) {
      expect(openedNote(both, signer.vkey)?.isSigned).toBe(true);
      expect(openedNote(both, other.vkey)?.isSigned).toBe(true);
    }
  });

  it('is not one of another key, even of the same name, nor of another text', () => {
    expect(openedNote(note, signerOf(newSigningKey('trawl.example'))!.vkey)?.isSigned).toBe(false);
    expect(openedNote(note.replace('\n17\n', '\n16\n'), signer.vkey)).toMatchObject({ isSigned: false });
    expect(openedNote(note.replace('trawl.example/', 'trawl.other/'), signer.vkey)?.isSigned).toBe(false);
    expect(openedNote(headText(head), signer.vkey)).toBeNull();
    expect(openedNote(`nothing\n\n${note}`, signer.vkey)).toBeNull();
  });

  it.each([
    ['no key at all', () => 'x'],
    ['an id of another key', () => key.replace(/\+[0-9a-f]{8}\+/, '+00000000+')],
    ['a key of another length', () => `${key}AAAA`],
    [
      'an algorithm of another kind',
      () => `${key.slice(0, key.lastIndexOf('+') + 1)}${Buffer.alloc(33, 6).toString('base64')}`,
    ],
  ])('needs a key: %s', (_, given) => {
    expect(signerOf(given())).toBeNull();
    expect(verifierOf(given())).toBeNull();
  });
});
