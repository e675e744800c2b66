import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { credentialsProblem, serviceAccountOf } from '../../../src/sources/skyflow/credentials.js';

const pem = (bits = 2048, type: 'pkcs8' | 'pkcs1' = 'pkcs8') =>
  generateKeyPairSync('rsa', { modulusLength: bits }).privateKey.export({ type, format: 'pem' }).toString();
const privateKey = pem();
const right = {
  clientID: 'c1',
  clientName: 'n',
  keyID: 'k1',
  tokenURI: 'https://manage.skyflowapis.com/v1/auth/sa/oauth/token',
  privateKey,
};
const problem = (change: object) => credentialsProblem(JSON.stringify({ ...right, ...change }));

describe('a credentials file', () => {
  it('contains the service account', () => {
    const text = JSON.stringify(right);
    expect(credentialsProblem(text)).toBeNull();
    const { privateKey: key, ...account } = serviceAccountOf(text);
    expect(account).toEqual({ clientId: 'c1', keyId: 'k1', tokenUri: right.tokenURI });
    expect(key.type).toBe('private');
  });

  it.each([
    ['a byte order mark before it', `\ufeff${JSON.stringify(right, null, 2)}\n`],
    ['an older form of key', JSON.stringify({ ...right, privateKey: pem(2048, 'pkcs1') })],
    ['Windows line ends', JSON.stringify({ ...right, privateKey: privateKey.replaceAll('\n', '\r\n') })],
    ['a token endpoint on this machine', JSON.stringify({ ...right, tokenURI: 'http://127.0.0.1:8080/token' })],
  ])('may have %s', (_, text) => {
    expect(credentialsProblem(text)).toBeNull();
    expect(() => serviceAccountOf(text)).not.toThrow();
  });

  it.each(['', 'null', '[]', '"x"', '{', privateKey])('is refused: %s', (text) => {
    expect(credentialsProblem(text)).toBe('it is not a JSON object');
  });

  it.each([
    [{ clientID: undefined }, 'it lacks clientID'],
    [{ keyID: '', tokenURI: 5 }, 'it lacks keyID, tokenURI'],
    [{ tokenURI: 'manage' }, 'its tokenURI is not a URL'],
    [{ tokenURI: 'http://manage.skyflowapis.com/x' }, 'its tokenURI must be https'],
    [{ tokenURI: 'http://127.0.0.1.evil.example/x' }, 'its tokenURI must be https'],
    [{ tokenURI: 'ftp://localhost/x' }, 'its tokenURI must be https'],
    [{ tokenURI: 'https://me:secret-word@host/' }, 'its tokenURI has a user name or password'],
    [{ privateKey: 'secret-word' }, 'its privateKey is not a valid private key in PEM form'],
    [{ privateKey: privateKey.slice(0, 400) }, 'its privateKey is not a valid private key in PEM form'],
    [{ privateKey: pem(1024) }, 'its privateKey has 1024 bits, but RS256 needs 2048'],
    [
      { tokenURI: 'x', privateKey: 'y' },
      'its tokenURI is not a URL; its privateKey is not a valid private key in PEM form',
    ],
  ])('with %o is reported without showing its content', (change, message) => {
    expect(problem(change)).toBe(message);
  });

  it('with a key of another kind is reported', () => {
    const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(problem({ privateKey: key.export({ type: 'pkcs8', format: 'pem' }) })).toBe(
      'its privateKey is not an RSA key',
    );
  });
});
