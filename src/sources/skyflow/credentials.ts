import { createPrivateKey, type KeyObject } from 'node:crypto';
import { isJsonObject } from '../../json-values.js';
import { isLoopbackHost } from '../../loopback.js';

/** Contents of a service account's credentials file, with the key ready for signing. */
export interface ServiceAccount {
  clientId: string;
  keyId: string;
  tokenUri: string;
  privateKey: KeyObject;
}

const needed = ['clientID', 'keyID', 'tokenURI', 'privateKey'] as const;

type Credentials = Record<(typeof needed)[number], string>;

/** The reason why a text is not a credentials file; null if it is one. Names members, never their values. */
export function credentialsProblem(text: string): string | null {
  const credentials = membersOf(text);
  if (credentials === null) return 'it is not a JSON object';
  const missing = needed.filter((name) => typeof credentials[name] !== 'string' || credentials[name] === '');
  if (missing.length > 0) return `it lacks ${missing.join(', ')}`;
  const { tokenURI, privateKey } = credentials as Credentials;
  const problems = [tokenUriProblem(tokenURI), keyProblem(privateKey)].filter((problem) => problem !== null);
  return problems.length === 0 ? null : problems.join('; ');
}

/** Parses a text for which `credentialsProblem` returned null. */
export function serviceAccountOf(text: string): ServiceAccount {
  const { clientID, keyID, tokenURI, privateKey } = membersOf(text) as Credentials;
  return { clientId: clientID, keyId: keyID, tokenUri: tokenURI, privateKey: createPrivateKey(privateKey) };
}

function membersOf(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text.replace(/^\ufeff/, ''));
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** The assertion must not be sent unencrypted, except to this machine itself. */
function tokenUriProblem(text: string): string | null {
  if (!URL.canParse(text)) return 'its tokenURI is not a URL';
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== '' || password !== '') return 'its tokenURI has a user name or password';
  return protocol === 'https:' || (protocol === 'http:' && isLoopbackHost(hostname))
    ? null
    : 'its tokenURI must be https';
}

function keyProblem(pem: string): string | null {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType !== 'rsa') return 'its privateKey is not an RSA key';
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
    return bits >= 2048 ? null : `its privateKey has ${bits} bits, but RS256 needs 2048`;
  } catch {
    return 'its privateKey is not a valid private key in PEM form';
  }
}
