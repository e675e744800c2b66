import { TrawlError } from '../../../src/errors.js';
import type { HttpAnswer, HttpRequest } from '../../../src/http/client.js';
import { answerOf } from '../network.js';
import type { Random } from '../random.js';
import type { Vendor, VendorOptions, Version } from './vendor.js';

const users = ['u1+/=', 'u2', 'u3'];

/** Okta ASA: a list of pages, of which the last one fills up, and opaque offsets that it may forget. */
export class AsaVendor implements Vendor {
  readonly kind = 'asa';
  readonly host = 'asa.example';
  readonly events = new Map<string, Version[]>();
  readonly manner: string;
  readonly env: Record<string, string>;
  readonly #log: Version[][] = [];
  readonly #random: Random;
  readonly #clock: VendorOptions['clock'];
  /** Whether a full page has a link to the next one even while nothing follows. */
  readonly #linksAhead: boolean;
  /** Fewer events than asked for. */
  readonly #cap: number;
  /** More events than this do not fit into an answer. */
  readonly #fits: number;
  /** Number of empty pages before the page at an index. */
  readonly #emptyPages: number;
  /** That many come before the page that has the event of an index. */
  readonly #desert: { index: number; pages: number };
  #epoch = 1;
  #token = 1;
  #mangled: 'time' | 'id' | undefined;
  #isEndless = false;

  constructor({ clock, random, searchCount }: VendorOptions) {
    this.#clock = clock;
    this.#random = random;
    this.#linksAhead = random.chance(0.5);
    this.#cap = random.pick([1_000, 1_000, random.int(2, 9)]);
    this.#fits = random.pick([1_000, 1_000, random.int(1, 9)]);
    this.#emptyPages = random.pick([0, 0, 1, 4]);
    this.#desert = { index: random.int(1, 60), pages: random.pick([0, 0, 0, 0, 45]) };
    this.manner = `cap ${this.#cap}, fits ${this.#fits}, empty pages ${this.#emptyPages}, ${this.#desert.pages} before event ${this.#desert.index}, links ahead ${this.#linksAhead}`;
    this.env = {
      ASA_TEAM: 'team',
      ASA_KEY_ID: '11111111-2222-3333-4444-555555555555',
      ASA_KEY_SECRET: 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0',
      ASA_BASE_URL: `https://${this.host}/v1`,
      SEARCH_COUNT: String(searchCount),
    };
  }

  grow(count: number): void {
    for (let nth = 0; nth < count; nth += 1) {
      const number = this.#log.length + 1;
      const lateMs = this.#random.chance(0.2) ? this.#random.int(0, 600_000) : 0;
      const own = this.#random.chance(0.5) ? `,"n":${number}.0` : '';
      const details = `{"type":"auth_token.issue","actor":"${this.#random.pick(users)}"${own}}`;
      const id = `e${number}==`;
      const versions = [versionOf(id, this.#clock.nowMs - lateMs, details)];
      this.#log.push(versions);
      this.events.set(id, versions);
    }
  }

  upset(): void {
    if (this.#random.chance(0.5)) this.#epoch += 1;
    else this.#token += 1;
  }

  get forgotten(): number {
    return this.#epoch - 1;
  }

  alter(): void {
    for (const [id, versions] of this.#random.some([...this.events])) {
      const { timestamp, raw } = versions.at(-1)!;
      versions.push(versionOf(id, Date.parse(timestamp!) - this.#random.int(1, 60_000), raw));
    }
  }

  mangle(): void {
    this.#mangled = this.#mangled ? undefined : this.#random.pick(['time', 'id']);
  }

  wander(): void {
    this.#isEndless = !this.#isEndless;
  }

  calm(): void {
    this.#mangled = undefined;
    this.#isEndless = false;
  }

  answer({ url, headers }: HttpRequest): HttpAnswer {
    const { pathname, searchParams } = new URL(url);
    if (pathname.endsWith('/service_token')) return answerOf(200, { bearer_token: `token-${this.#token}` });
    if (headers.authorization !== `Bearer token-${this.#token}`) return answerOf(401, { code: 'authentication_error' });
    const offset = searchParams.get('offset');
    const [index, empty] = offset === null ? [0, 0] : this.#read(offset);
    if (index === undefined) return answerOf(this.#random.pick([400, 404, 410]), { code: 'invalid_request' });
    const size = Math.min(Number(searchParams.get('count')), this.#cap);
    const page = this.#log.slice(index, index + size);
    if (this.#isEmpty(index, empty!, page.length)) return this.#page([], [index, empty! + 1]);
    if (page.length > this.#fits && size > 1)
      throw new TrawlError('PAGE_TOO_LARGE', 'The answer exceeds the limit.', { hint: 'Ask for less.' });
    const isFull = page.length === size && (this.#linksAhead || this.#log.length > index + size);
    return this.#page(page, isFull ? [index + size, 0] : undefined);
  }

  #isEmpty(index: number, empty: number, events: number): boolean {
    if (this.#isEndless) return true;
    const { index: at, pages } = this.#desert;
    const isBeforeDesert = index <= at && at < index + events;
    return events > 0 && empty < Math.max(isBeforeDesert ? pages : 0, index % 7 === 3 ? this.#emptyPages : 0);
  }

  #page(events: readonly (readonly Version[])[], next: [number, number] | undefined): HttpAnswer {
    const related = users.map((id) => `"${id}":{"type":"user","object":{"name":"User ${id}"}}`);
    const texts = events.map((versions) => this.#textOf(versions.at(-1)!));
    const body = `{"list":[${texts.join(',')}],"related_objects":{${related.join(',')}}}`;
    const offset = next && encodeURIComponent(this.#write(next));
    const url = `https://${this.host}/v1/teams/team/auditsV2?count=10&offset=${offset}`;
    return answerOf(200, body, next ? { link: [`<${url}>; rel="next"`] } : {});
  }

  #textOf({ whole, timestamp }: Version): string {
    if (this.#mangled === 'id') return whole.replace(/"id":"e(\d+)=="/, '"id":$1');
    return this.#mangled ? whole.replace(`"${timestamp}"`, String(Date.parse(timestamp!))) : whole;
  }

  #write([index, empty]: [number, number]): string {
    return Buffer.from(`++${this.#epoch} ${index} ${empty}`).toString('base64');
  }

  #read(offset: string): [number | undefined, number] {
    const [epoch, index, empty] = Buffer.from(offset, 'base64').toString().split(' ');
    return epoch === `++${this.#epoch}` ? [Number(index), Number(empty)] : [undefined, 0];
  }
}

function versionOf(id: string, timeMs: number, details: string): Version {
  const timestamp = new Date(timeMs).toISOString().replace('Z', '123456Z');
  return { raw: details, whole: `{"id":"${id}","timestamp":"${timestamp}","details":${details}}`, timestamp };
}
