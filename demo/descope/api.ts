import { z } from 'zod';
import { type Fault, FaultPlan } from '../faults.js';
import { type Answer, jsonAnswer, withSpoiledBody } from '../wire.js';
import type { DescopeAuditLog } from './audit-log.js';
import type { DemoEvent } from './events.js';
import { type Search, searchSchema } from './filters.js';

export interface DescopeApiOptions {
  projectId: string;
  managementKey: string;
  seed: number;
  /** Searches allowed in any stretch of `periodMs`. */
  rateLimit: { requests: number; periodMs: number };
  /** `as asked` obeys `oldestFirst`; `mixed` has no order, but is the same each time. */
  order: 'as asked' | 'newest first' | 'mixed';
  /** The bounds that are inclusive: `from`, `to` or both. */
  bounds: 'both' | 'from' | 'to' | 'none';
  /** Maximum number of events in an answer, whatever the request says. */
  pageMax: number;
  /** Returns the answer's `total`, which may be wrong, from the true number. */
  total: (truth: number) => unknown;
  retentionDays: number;
  /** The server's clock minus this machine's; ms. */
  clockAheadMs: number;
}

/** A received search and the status of its answer. */
export interface LoggedSearch {
  atMs: number;
  status: number;
  search: Search;
  /** Events in the answer. */
  events: number;
}

interface DescopeRequest {
  method: string;
  path: string;
  authorization: string | undefined;
  body: string;
}

/** The two calls of the management API that an audit client makes. */
export class DescopeApi {
  readonly faults: FaultPlan;
  readonly searches: LoggedSearch[] = [];
  keyRevoked = false;
  /** Called before each search is handled, so that tests can change the log during a walk. */
  onSearch: (nth: number) => void = () => undefined;
  readonly #options: DescopeApiOptions;
  readonly #log: DescopeAuditLog;
  #taken: number[] = [];

  constructor(options: DescopeApiOptions, log: DescopeAuditLog) {
    this.#options = options;
    this.#log = log;
    this.faults = new FaultPlan(options.seed);
  }

  nowMs(): number {
    return Date.now() + this.#options.clockAheadMs;
  }

  answer(request: DescopeRequest): { answer: Answer; fault: Fault | undefined } {
    const { answer, fault } = this.#answer(request);
    answer.headers.Date = new Date(this.nowMs()).toUTCString();
    return { answer, fault };
  }

  #answer({ method, path, authorization, body }: DescopeRequest): { answer: Answer; fault: Fault | undefined } {
    const route = `${method} ${path}`;
    const known = route === 'POST /v1/mgmt/audit/search' || route === 'GET /v1/mgmt/license';
    if (!known) return { answer: failure(404, 'E061005', 'Not found'), fault: undefined };
    const { projectId, managementKey } = this.#options;
    const allowed = !this.keyRevoked && authorization === `Bearer ${projectId}:${managementKey}`;
    if (route.startsWith('GET')) {
      const answer = allowed ? jsonAnswer(200, { licenseType: 'pro', rateLimitTier: 'tier1' }) : refused();
      return { answer, fault: undefined };
    }
    return this.#search(body, allowed);
  }

  #search(body: string, allowed: boolean): { answer: Answer; fault: Fault | undefined } {
    const search = searchSchema.safeParse(parsed(body));
    const logged: LoggedSearch = { atMs: Date.now(), status: 200, search: search.data ?? {}, events: 0 };
    this.searches.push(logged);
    this.onSearch(this.searches.length);
    const waitMs = this.#take();
    let right: Answer;
    if (waitMs > 0) {
      right = failure(429, 'E130429', 'Rate limit exceeded');
      right.headers['Retry-After'] = String(Math.ceil(waitMs / 1000));
    } else if (!allowed) right = refused();
    else if (!search.success) right = failure(400, 'E011001', z.prettifyError(search.error));
    else right = this.#found(search.data, logged);
    const fault = right.status === 200 ? this.faults.take('audits') : undefined;
    const answer = fault ? spoiled(right, fault) : right;
    logged.status = answer.status;
    return { answer, fault };
  }

  #found(search: Search, logged: LoggedSearch): Answer {
    const { retentionDays, bounds, total, pageMax } = this.#options;
    const nowMs = this.nowMs();
    const { from = nowMs - 86_400_000, to = nowMs, page = 0 } = search;
    const oldestMs = nowMs - retentionDays * 86_400_000;
    if (from < oldestMs) return failure(400, 'E011003', `from may reach back at most ${retentionDays} days`);
    const size = Math.min(search.size || search.batchSize || 100, pageMax);
    const withFrom = bounds === 'both' || bounds === 'from';
    const withTo = bounds === 'both' || bounds === 'to';
    const found = this.#log
      .visible(nowMs, search)
      .filter(({ occurred }) => occurred >= oldestMs)
      .filter(({ occurred }) => (withFrom ? occurred >= from : occurred > from))
      .filter(({ occurred }) => (withTo ? occurred <= to : occurred < to));
    const events = this.#ordered(found, search.oldestFirst === true).slice(page * size, (page + 1) * size);
    logged.events = events.length;
    const totalText = JSON.stringify(total(found.length));
    const body = `{"audits":[${events.map(({ text }) => text).join(',')}],"total":${totalText}}\n`;
    return { status: 200, headers: { 'Content-Type': 'application/json' }, body: Buffer.from(body) };
  }

  #ordered(events: readonly DemoEvent[], oldestFirst: boolean): DemoEvent[] {
    const { order } = this.#options;
    if (order === 'mixed') return events.toSorted((a, b) => scramble(a.occurred) - scramble(b.occurred));
    return order === 'as asked' && oldestFirst ? [...events] : events.toReversed();
  }

  /** 0, or how long the client must wait. */
  #take(): number {
    const { requests, periodMs } = this.#options.rateLimit;
    const now = Date.now();
    this.#taken = this.#taken.filter((at) => at > now - periodMs);
    const blocking = this.#taken.at(-requests);
    if (blocking !== undefined) return blocking + periodMs - now;
    this.#taken.push(now);
    return 0;
  }
}

function spoiled(right: Answer, fault: Fault): Answer {
  if (fault.kind === 'null-list') return { ...right, body: Buffer.from('{"audits":null,"total":7}') };
  if (fault.kind !== 'status' && fault.kind !== 'token-expired') return withSpoiledBody(right, fault);
  const answer = failure(fault.status ?? 401, fault.code ?? 'E000000', 'This answer was planned as a fault.');
  if (fault.retryAfter !== undefined) answer.headers['Retry-After'] = String(fault.retryAfter);
  return answer;
}

function refused(): Answer {
  return failure(401, 'E061301', 'Invalid management key');
}

function failure(status: number, errorCode: string, errorDescription: string): Answer {
  return jsonAnswer(status, { errorCode, errorDescription });
}

function scramble(occurred: number): number {
  return Math.imul(occurred % 2 ** 31, 2_654_435_761) >>> 0;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
