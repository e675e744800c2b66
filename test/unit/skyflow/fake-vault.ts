import { vi } from 'vitest';
import type { HttpAnswer, HttpClient, HttpRequest } from '../../../src/http/client.js';
import { Secret } from '../../../src/secret.js';
import { SkyflowClient } from '../../../src/sources/skyflow/client.js';
import type { SkyflowSettings } from '../../../src/sources/skyflow/settings.js';

export interface FakeEvent {
  id: string;
  /** Epoch milliseconds, by the vault's clock. */
  timeMs: number;
  /** The time from which it can be found, also by the vault's clock. */
  visibleMs: number;
}

export interface FakeVaultOptions {
  limitMax?: number;
  lastNextOps?: 'given' | 'missing';
  /** The vault's clock minus this machine's. */
  clockAheadMs?: number;
  /** Duration of a request. */
  tookMs?: number;
  /** True if answers have a Date. */
  date?: boolean;
}

/** A time in SQL's form. */
export function sqlTime(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').replace('Z', '');
}

/** An audit API without a network, timed by vitest's fake timers. */
export class FakeVault {
  readonly events: FakeEvent[] = [];
  requests = 0;
  /** Replaces the answer if it returns one. */
  instead: (url: URL) => { status: number; body: string } | undefined = () => undefined;
  readonly #options: Required<FakeVaultOptions>;

  constructor(options: FakeVaultOptions = {}) {
    this.#options = { limitMax: 100, lastNextOps: 'given', clockAheadMs: 0, tookMs: 0, date: true, ...options };
  }

  nowMs(): number {
    return Date.now() + this.#options.clockAheadMs;
  }

  client(settings: Partial<SkyflowSettings> = {}): SkyflowClient {
    const http = { request: (request: HttpRequest) => this.#answer(new URL(request.url)) };
    return new SkyflowClient(http as unknown as HttpClient, {
      skyflowAccountId: 'a1',
      skyflowVaultUrl: 'https://vault.example',
      skyflowApiKey: new Secret('key'),
      skyflowKeepContent: false,
      skyflowOverlapMinutes: 15,
      searchCount: 1000,
      ...settings,
    });
  }

  async #answer(url: URL): Promise<HttpAnswer> {
    this.requests += 1;
    const { status, body } = this.instead(url) ?? { status: 200, body: this.#page(url.searchParams) };
    vi.advanceTimersByTime(this.#options.tookMs);
    const headers = this.#options.date ? { date: [new Date(this.nowMs()).toUTCString()] } : {};
    return { status, headers, body: Buffer.from(body) };
  }

  #page(query: URLSearchParams): string {
    const { limitMax, lastNextOps } = this.#options;
    const after = [query.get('afterOps.timestamp') ?? '', query.get('afterOps.changeID') ?? ''] as const;
    const following = this.events
      .filter(({ visibleMs }) => visibleMs <= this.nowMs())
      .map(({ id, timeMs }) => [sqlTime(timeMs), id] as const)
      .filter((event) => compared(event, after) > 0)
      .sort(compared);
    const page = following.slice(0, Math.min(limitMax, Number(query.get('limit'))));
    const event = page.map(([timestamp, changeID]) => ({ context: { changeID }, request: { timestamp } }));
    const [timestamp, changeID] = page.at(-1) ?? [];
    const given = timestamp && (page.length < following.length || lastNextOps === 'given');
    return JSON.stringify({ event, nextOps: given ? { timestamp, changeID } : null });
  }
}

function compared(a: readonly [string, string], b: readonly [string, string]): number {
  const [left, right] = a[0] === b[0] ? [a[1], b[1]] : [a[0], b[0]];
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
