import {
  createPublicKey,
  createVerify,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  randomUUID,
} from 'node:crypto';

/** The credentials file of the demo's service account. */
export interface CredentialsFile {
  clientID: string;
  clientName: string;
  keyID: string;
  tokenURI: string;
  privateKey: string;
}

interface Key {
  privateKey: string;
  publicKey: KeyObject;
}

let key: Key | undefined;

/** One for all demos of a process: making it takes longer than everything else that a demo does. */
function accountKey(): Key {
  if (!key) {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    key = { privateKey: pem, publicKey: createPublicKey(privateKey) };
  }
  return key;
}

/** Both ways to sign in: an API key, and a service account's assertion, whose RS256 signature is checked. */
export class SignIn {
  readonly apiKey = `sky-demo-${randomBytes(16).toString('hex')}`;
  /** The vendor's clock minus this machine's; seconds. */
  clockAheadMs = 0;
  apiKeyRevoked = false;
  accountRevoked = false;
  /** Issues tokens that do not say when they expire. */
  opaqueTokens = false;
  readonly #tokenLifetimeMs: number;
  readonly #clientID = `c${randomBytes(8).toString('hex')}`;
  readonly #keyID = `k${randomBytes(8).toString('hex')}`;
  readonly #tokens = new Map<string, number>();

  constructor(tokenLifetimeMs: number) {
    this.#tokenLifetimeMs = tokenLifetimeMs;
  }

  nowMs(): number {
    return Date.now() + this.clockAheadMs;
  }

  credentials(tokenURI: string): CredentialsFile {
    const { privateKey } = accountKey();
    return { clientID: this.#clientID, clientName: 'demo', keyID: this.#keyID, tokenURI, privateKey };
  }

  accepts(token: string): boolean {
    if (token === this.apiKey) return !this.apiKeyRevoked;
    return (this.#tokens.get(token) ?? 0) > this.nowMs();
  }

  expireTokens(): void {
    this.#tokens.clear();
  }

  /** A token for an assertion, or the reason why there is none. */
  exchange(assertion: string, tokenURI: string): { token: string } | { refused: string } {
    const refused = this.#refusal(assertion, tokenURI);
    if (refused !== null) return { refused };
    const expiresMs = this.nowMs() + this.#tokenLifetimeMs;
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = { exp: Math.floor(expiresMs / 1000), jti: randomUUID(), sub: this.#clientID };
    const token = this.opaqueTokens
      ? randomBytes(32).toString('hex')
      : `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}.${randomBytes(32).toString('base64url')}`;
    this.#tokens.set(token, expiresMs);
    return { token };
  }

  #refusal(assertion: string, tokenURI: string): string | null {
    const [header = '', claims = '', signature = '', ...rest] = assertion.split('.');
    if (rest.length > 0 || json(header)?.alg !== 'RS256') return 'the assertion is not an RS256 JWT';
    const verifier = createVerify('RSA-SHA256').update(`${header}.${claims}`);
    if (!verifier.verify(accountKey().publicKey, Buffer.from(signature, 'base64url')))
      return 'the signature does not fit';
    const { iss, sub, key, aud, exp, iat } = json(claims) ?? {};
    if (this.accountRevoked || iss !== this.#clientID || sub !== iss || key !== this.#keyID) return 'no such account';
    if (aud !== tokenURI) return 'the audience is another';
    const now = this.nowMs() / 1000;
    if (typeof exp !== 'number' || exp <= now) return 'the assertion has expired';
    if (exp > now + 3600) return 'the assertion expires in more than an hour';
    return typeof iat === 'number' && iat > now + 1 ? 'the assertion was issued in the future' : null;
  }
}

function json(part: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
