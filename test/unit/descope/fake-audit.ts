import { vi } from 'vitest';
import type { HttpAnswer, HttpClient, HttpRequest } from '../../../src/http/client.js';
import { Secret } from '../../../src/secret.js';
import { DescopeClient } from '../../../src/sources/descope/client.js';

export interface FakeEvent {
  id: string;
  /** Epoch milliseconds, by the API's clock. */
  occurred: number;
  /** When it can be found first; by the API's clock too. */
  visible: number;
}

export interface FakeAuditOptions {
  /** `arrival`: by the time of appearance, the earliest first; `no order`: another one for each request. */
  order?: 'oldest' | 'newest' | 'mixed' | 'arrival' | 'arrival, latest first' | 'no order';
  /** Whether a search includes the bounds themselves. */
  fromCounts?: boolean;
  toCounts?: boolean;
  total?: (found: number) => number | undefined;
  /** How far the API's clock is ahead. */
  clockAheadMs?: number;
  /** How long a request takes. */
  tookMs?: () => number;
}

interface Asked {
  from: number;
  to: number;
  page: number;
  size: number;
}

const retentionMs = 30 * 86_400_000;

/** An audit search without a network, on the time of vitest's fake timers. */
export class FakeAudit {
  events: FakeEvent[] = [];
  /** The searches so far. */
  readonly asked: Asked[] = [];
  /** Maximum number of events in an answer, whatever the request says. */
  pageMax = 1_000;
  readonly #options: Required<FakeAuditOptions>;

  constructor(options: FakeAuditOptions = {}) {
    this.#options = {
      order: 'oldest',
      fromCounts: true,
      toCounts: true,
      total: (found) => found,
      clockAheadMs: 0,
      tookMs: () => 0,
      ...options,
    };
  }

  nowMs(): number {
    return Date.now() + this.#options.clockAheadMs;
  }

  /** Adds events that can be found from the beginning. */
  add(...occurred: number[]): void {
    for (const at of occurred) this.events.push({ id: `e${this.events.length}`, occurred: at, visible: 0 });
  }

  /** A client as a worker opens it. */
  client({ searchCount = 1_000, overlapMs = 900_000 } = {}): DescopeClient {
    const http = { request: (request: HttpRequest) => this.#answer(JSON.parse(String(request.body))) };
    return new DescopeClient(http as unknown as HttpClient, {
      descopeProjectId: 'P2',
      descopeManagementKey: new Secret('key'),
      descopeBaseUrl: 'https://api.example',
      descopeOverlapMinutes: overlapMs / 60_000,
      descopeNoTenants: false,
      searchCount,
    });
  }

  async #answer(body: Record<string, string | number>): Promise<HttpAnswer> {
    const [from, to, page, size] = ['from', 'to', 'page', 'size'].map((name) => Number(body[name]));
    const asked = { from: from!, to: to!, page: page!, size: size! };
    this.asked.push(asked);
    const text = JSON.stringify(this.#found(asked));
    vi.setSystemTime(Date.now() + this.#options.tookMs());
    return { status: 200, headers: { date: [new Date(this.nowMs()).toUTCString()] }, body: Buffer.from(text) };
  }

  #found({ from, to, page, size }: Asked): { audits: unknown[]; total: number | undefined } {
    const { fromCounts, toCounts, total } = this.#options;
    const nowMs = this.nowMs();
    const [first, last] = [fromCounts ? from : from + 1, toCounts ? to : to - 1];
    const oldest = Math.max(first, nowMs - retentionMs);
    const found = this.events.filter((event) => {
      const { visible, occurred } = event;
      return occurred >= oldest && occurred <= last && visible <= nowMs;
    });
    const most = Math.min(size, this.pageMax);
    const events = this.#ordered(found).slice(page * most, (page + 1) * most);
    const audits = events.map(({ id, occurred }) => ({ ID: id, occurred: String(occurred) }));
    return { audits, total: total(found.length) };
  }

  #ordered(found: FakeEvent[]): FakeEvent[] {
    const nth = (event: FakeEvent) => Number(event.id.slice(1));
    const shuffle = (event: FakeEvent, by: number) => (nth(event) * 7_919 + by * 104_723) % 104_729;
    const { order } = this.#options;
    const orders: Record<Required<FakeAuditOptions>['order'], (a: FakeEvent, b: FakeEvent) => number> = {
      oldest: (a, b) => a.occurred - b.occurred || nth(a) - nth(b),
      newest: (a, b) => b.occurred - a.occurred || nth(b) - nth(a),
      mixed: (a, b) => shuffle(a, 0) - shuffle(b, 0),
      arrival: (a, b) => a.visible - b.visible || nth(a) - nth(b),
      'arrival, latest first': (a, b) => b.visible - a.visible || nth(b) - nth(a),
      'no order': (a, b) =>
        shuffle(a, (this.asked.length * (nth(a) + 1)) % 97) - shuffle(b, (this.asked.length * (nth(b) + 1)) % 97),
    };
    return found.sort(orders[order]);
  }
}
