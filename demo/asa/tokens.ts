import { createHmac, randomUUID } from 'node:crypto';

interface IssuedToken {
  token: string;
  expiresAt: string;
}

/** The bearer tokens of this run of the server; a restart forgets them. */
export class Tokens {
  readonly #team: string;
  readonly #secret: string;
  readonly #lifetimeMs: number;
  readonly #expiry = new Map<string, number>();

  constructor(team: string, secret: string, lifetimeMs: number) {
    this.#team = team;
    this.#secret = secret;
    this.#lifetimeMs = lifetimeMs;
  }

  issue(): IssuedToken {
    const now = Date.now();
    for (const [token, expiresMs] of this.#expiry) if (expiresMs <= now) this.#expiry.delete(token);
    const expiresMs = now + this.#lifetimeMs;
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = {
      exp: Math.floor(expiresMs / 1000),
      iat: Math.floor(now / 1000),
      jti: randomUUID(),
      team: this.#team,
    };
    const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
    const token = `${signed}.${createHmac('sha256', this.#secret).update(signed).digest('base64url')}`;
    this.#expiry.set(token, expiresMs);
    return { token, expiresAt: new Date(expiresMs).toISOString() };
  }

  valid(token: string): boolean {
    return (this.#expiry.get(token) ?? 0) > Date.now();
  }

  expire(token: string): void {
    this.#expiry.delete(token);
  }

  expireAll(): void {
    this.#expiry.clear();
  }
}
