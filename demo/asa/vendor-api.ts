import { z } from 'zod';
import { wholeNumber } from '../../src/whole-number.js';
import { type Fault, FaultPlan, type FaultTarget } from '../faults.js';
import { newRecord, record } from '../requests.js';
import { type Answer, jsonAnswer } from '../wire.js';
import { errorAnswer } from './answers.js';
import type { AuditLog } from './audit-log.js';
import { type LinkStyle, type LinkTarget, linkHeaders } from './links.js';
import type { PageRequest } from './pages.js';
import { RateLimit } from './rate-limit.js';
import { spoiled } from './spoil.js';
import { Tokens } from './tokens.js';

interface VendorApiOptions {
  team: string;
  keyId: string;
  keySecret: string;
  seed: number;
  rateLimit: { limit: number; periodMs: number };
  linkStyle: LinkStyle;
  tokenLifetimeMs: number;
}

export interface ApiRequest {
  method: string;
  /** As the client addressed it, host included. */
  url: URL;
  /** Path and query as in the request. */
  target: string;
  authorization: string | undefined;
  contentType: string | undefined;
  body: string;
}

const credentials = z.object({ key_id: z.string(), key_secret: z.string() });
const countMax = 1000;
const booleans: Readonly<Record<string, boolean>> = { '': false, false: false, '0': false, true: true, '1': true };

/** The two endpoints of the ASA API, with its limits, its errors and the planned faults. */
export class VendorApi {
  readonly faults: FaultPlan;
  readonly requests = newRecord();
  readonly tokens: Tokens;
  keyRevoked = false;
  readonly #options: VendorApiOptions;
  readonly #log: AuditLog;
  readonly #rateLimit: RateLimit;

  constructor(options: VendorApiOptions, log: AuditLog) {
    this.#options = options;
    this.#log = log;
    this.faults = new FaultPlan(options.seed);
    this.tokens = new Tokens(options.team, options.keySecret, options.tokenLifetimeMs);
    this.#rateLimit = new RateLimit(options.rateLimit.limit, options.rateLimit.periodMs);
  }

  /** The answer, and the fault that affects its sending. */
  answer(request: ApiRequest): { answer: Answer; fault: Fault | undefined } {
    const route = routeOf(request);
    const allowed = this.#rateLimit.take();
    const right = allowed
      ? this.#rightAnswer(request, route)
      : errorAnswer(429, 'Too many requests: wait until X-RateLimit-Reset.');
    Object.assign(right.headers, this.#rateLimit.headers());
    const fault = right.status === 200 && route ? this.faults.take(route.kind) : undefined;
    if (fault?.kind === 'token-expired' && route?.kind === 'audits') this.tokens.expire(tokenOf(request));
    const answer = fault ? spoiled(right, fault) : right;
    record(this.requests, route?.kind, {
      method: request.method,
      path: request.target,
      status: fault?.kind === 'reset-before' ? 0 : answer.status,
      authorization: request.authorization !== undefined,
    });
    return { answer, fault };
  }

  #rightAnswer(request: ApiRequest, route: Route | undefined): Answer {
    if (!route) return errorAnswer(404, 'There is no such endpoint.');
    if (route.kind === 'audits' && !this.tokens.valid(tokenOf(request))) {
      return errorAnswer(401, 'The bearer token is missing, not known or expired.');
    }
    if (route.team !== this.#options.team) return errorAnswer(404, 'There is no such team.');
    return route.kind === 'token' ? this.#serviceToken(request) : this.#audits(request);
  }

  #serviceToken({ body, contentType }: ApiRequest): Answer {
    if (!/^application\/json\b/i.test(contentType ?? '')) return errorAnswer(415, 'The body must be application/json.');
    const key = credentials.safeParse(parsed(body));
    if (!key.success) return errorAnswer(400, 'The body must be {"key_id": "…", "key_secret": "…"}.');
    const { keyId, keySecret, team } = this.#options;
    if (this.keyRevoked || key.data.key_id !== keyId || key.data.key_secret !== keySecret) {
      return errorAnswer(401, 'The key is not valid.');
    }
    const { token, expiresAt } = this.tokens.issue();
    return jsonAnswer(200, { bearer_token: token, expires_at: expiresAt, team_name: team });
  }

  #audits({ url }: ApiRequest): Answer {
    const asked = this.#pageRequest(url.searchParams);
    if (typeof asked === 'string') return errorAnswer(400, asked);
    const page = this.#log.page(asked);
    const targets: LinkTarget[] = [];
    if (page.next !== undefined) targets.push({ rel: 'next', query: this.#query(asked, page.next, false) });
    if (page.prev !== undefined) targets.push({ rel: 'prev', query: this.#query(asked, page.prev, true) });
    const links = linkHeaders(
      targets,
      url,
      this.#options.linkStyle,
      this.#options.seed ^ ((page.next ?? 0) * 31 + asked.count),
    );
    return {
      status: 200,
      headers: { 'Content-Type': 'application/json', ...(links.length > 0 ? { Link: links } : {}) },
      body: page.body,
    };
  }

  /** The parsed request, or what is wrong with it. */
  #pageRequest(params: URLSearchParams): PageRequest | string {
    const count = wholeNumber(params.get('count') ?? '100', 1, countMax);
    if (count === undefined) return `count must be a whole number from 1 to ${countMax}.`;
    const descending = booleans[params.get('descending') ?? ''];
    const prev = booleans[params.get('prev') ?? ''];
    if (descending === undefined || prev === undefined) return 'descending and prev must be true or false.';
    const offset = params.get('offset') ?? '';
    const boundary = offset === '' ? undefined : this.#log.boundaryOf(offset);
    if (offset !== '' && boundary === undefined)
      return 'offset is not known: take it from a Link header, percent-encoded.';
    return { boundary, count, descending, prev };
  }

  #query({ count, descending }: PageRequest, boundary: number, prev: boolean): LinkTarget['query'] {
    const query: [string, string][] = [['count', String(count)]];
    if (descending) query.push(['descending', 'true']);
    query.push(['offset', this.#log.offsetOf(boundary)]);
    if (prev) query.push(['prev', 'true']);
    return query;
  }
}

interface Route {
  kind: FaultTarget;
  team: string;
}

function routeOf({ method, url }: ApiRequest): Route | undefined {
  const match = /^\/v1\/teams\/([^/]+)\/(service_token|auditsV2)$/.exec(url.pathname);
  if (!match) return undefined;
  const kind = match[2] === 'auditsV2' ? 'audits' : 'token';
  if (method !== (kind === 'audits' ? 'GET' : 'POST')) return undefined;
  try {
    return { kind, team: decodeURIComponent(match[1]!) };
  } catch {
    return undefined;
  }
}

function tokenOf({ authorization }: ApiRequest): string {
  return /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? '';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
