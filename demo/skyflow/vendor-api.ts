import { wholeNumber } from '../../src/whole-number.js';
import type { Fault } from '../faults.js';
import { type Answer, jsonAnswer, withSpoiledBody } from '../wire.js';
import type { AuditLog, Cursor } from './audit-log.js';
import type { DemoEvent } from './events.js';
import type { SignIn } from './sign-in.js';

export interface ApiRequest {
  method: string;
  /** As the client addressed it, host included. */
  url: URL;
  authorization: string | undefined;
  body: string;
}

/** Behaviour that the vendor does not specify, so that tests can choose it. */
export interface Manners {
  /** A larger limit is silently reduced to this. */
  limitMax: number;
  /** `given` if the page that reaches the end has a cursor. */
  lastNextOps: 'given' | 'missing';
  /** The form of the list in a page without events. */
  emptyEvent: 'null' | 'list' | 'absent';
  /** The changeID of a cursor that the server refuses, although it issued it. */
  refused?: string | undefined;
  /** Replacements for `nextOps` in the next answers that have one, one for each answer. */
  spoilNextOps: ('repeat' | 'first' | 'drop' | 'half')[];
}

export const tokenPath = '/v1/auth/sa/oauth/token';
const eventsPath = '/v1/audit/events';

/** The token endpoint and the audit endpoint. */
export class VendorApi {
  readonly manners: Manners;
  readonly #log: AuditLog;
  readonly #signIn: SignIn;
  readonly #accountID: string;

  constructor(manners: Manners, log: AuditLog, signIn: SignIn, accountID: string) {
    this.manners = manners;
    this.#log = log;
    this.#signIn = signIn;
    this.#accountID = accountID;
  }

  answer(request: ApiRequest): Answer {
    const route = `${request.method} ${request.url.pathname}`;
    if (route === `POST ${tokenPath}`) return this.#token(request);
    if (route !== `GET ${eventsPath}`) return refusal(404, 'There is no such endpoint.');
    const token = /^Bearer (\S+)$/.exec(request.authorization ?? '')?.[1] ?? '';
    if (!this.#signIn.accepts(token)) return refusal(401, 'The token is missing, not known or expired.');
    return this.#events(request.url.searchParams);
  }

  #token({ url, body }: ApiRequest): Answer {
    let asked: { grant_type?: unknown; assertion?: unknown };
    try {
      asked = JSON.parse(body) as typeof asked;
    } catch {
      return refusal(400, 'The body is not JSON.');
    }
    const { grant_type: grantType, assertion } = asked;
    if (grantType !== 'urn:ietf:params:oauth:grant-type:jwt-bearer' || typeof assertion !== 'string')
      return refusal(400, 'The body must hold grant_type and assertion.');
    const result = this.#signIn.exchange(assertion, `${url.origin}${tokenPath}`);
    if ('refused' in result) return refusal(401, `Unauthorized: ${result.refused}.`);
    return jsonAnswer(200, { accessToken: result.token, tokenType: 'Bearer' });
  }

  #events(query: URLSearchParams): Answer {
    const cursor = cursorOf(query);
    if (typeof cursor === 'string') return refusal(400, cursor);
    const limit = wholeNumber(query.get('limit') ?? '25', 1);
    if (limit === undefined) return refusal(400, 'limit must be a whole number from 1.');
    const accountID = query.get('filterOps.accountID');
    if (!accountID) return refusal(400, 'filterOps.accountID is missing.');
    if (accountID !== this.#accountID) return refusal(404, 'There is no such account.');
    const found = this.#log.after(cursor, Math.min(limit, this.manners.limitMax), filterOf(query));
    if (!found || (cursor && cursor.changeID === this.manners.refused)) return refusal(400, 'afterOps is not known.');
    return this.#page(found.events, found.follows, cursor);
  }

  #page(events: readonly DemoEvent[], follows: boolean, cursor: Cursor | undefined): Answer {
    const { lastNextOps, emptyEvent } = this.manners;
    const last = events.at(-1);
    const nextOps = last && (follows || lastNextOps === 'given') ? this.#nextOps(last, cursor) : null;
    const list = { null: '"event":null,', list: '"event":[],', absent: '' }[emptyEvent];
    const event = events.length > 0 ? `"event":[${events.map((each) => each.text()).join(',')}],` : list;
    const body = Buffer.from(`{${event}"nextOps":${JSON.stringify(nextOps)}}`);
    return { status: 200, headers: { 'Content-Type': 'application/json' }, body };
  }

  #nextOps(last: DemoEvent, cursor: Cursor | undefined): Partial<Cursor> | null {
    const { timestamp, changeID } = last;
    const first = this.#log.all()[0]!;
    switch (this.manners.spoilNextOps.shift()) {
      case 'repeat':
        return cursor ?? { timestamp, changeID };
      case 'first':
        return { timestamp: first.timestamp, changeID: first.changeID };
      case 'drop':
        return null;
      case 'half':
        return { timestamp };
      default:
        return { timestamp, changeID };
    }
  }
}

/** The cursor, or the reason why it is invalid. */
function cursorOf(query: URLSearchParams): Cursor | undefined | string {
  const timestamp = query.get('afterOps.timestamp') ?? '';
  const changeID = query.get('afterOps.changeID') ?? '';
  if (timestamp === '' && changeID === '') return undefined;
  if (timestamp === '' || changeID === '') return 'afterOps needs both timestamp and changeID.';
  const others = [...query.keys()].filter((name) => name.startsWith('sortOps.') || name === 'offset');
  return others.length > 0 ? `afterOps cannot be combined with ${others.join(', ')}.` : { timestamp, changeID };
}

function filterOf(query: URLSearchParams): (event: DemoEvent) => boolean {
  const filters = [...query].flatMap(([parameter, value]): [string, string][] => {
    const name = /^filterOps\.(.*)$/.exec(parameter)?.[1];
    return name === undefined || name === 'accountID' ? [] : [[name, value]];
  });
  return (event) => filters.every(([name, value]) => matches(event, name, value));
}

function matches(event: DemoEvent, name: string, value: string): boolean {
  if (name === 'startTime') return event.timestamp >= value;
  if (name === 'endTime') return event.timestamp <= value;
  if (name === 'resourceIDs') return value.split(/, */).every((id) => event.resourceIDs.includes(id));
  return event.filterable[name] === value;
}

const words: Readonly<Record<number, string>> = { 400: 'Bad Request', 401: 'Unauthorized', 404: 'Not Found' };

function refusal(status: number, message: string): Answer {
  const error = { grpc_code: 3, http_code: status, message, http_status: words[status], details: [] };
  return jsonAnswer(status, { error });
}

/** Applies a fault to a correct answer. */
export function spoiled(right: Answer, fault: Fault): Answer {
  if (fault.kind === 'null-list') return { ...right, body: Buffer.from('{"event":null,"nextOps":null}') };
  if (fault.kind !== 'status' && fault.kind !== 'token-expired') return withSpoiledBody(right, fault);
  const answer = refusal(fault.status ?? 401, 'This answer was planned as a fault.');
  if (fault.retryAfter !== undefined) answer.headers['Retry-After'] = String(fault.retryAfter);
  return answer;
}
