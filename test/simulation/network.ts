import { TrawlError } from '../../src/errors.js';
import type { HttpAnswer, HttpClient, HttpRequest } from '../../src/http/client.js';
import { type Kernel, owners } from './kernel.js';

/** Answers the requests to one host. */
export interface Host {
  answer(request: HttpRequest): HttpAnswer;
}

const temporary = [408, 425, 429, 499, 500, 502, 503, 504, 520];
const permanent = [400, 403, 404, 410];
const bodies = ['', '<html>Sign in</html>', '{', '[]', '{"ok":false}'];
/** Longest wait for an answer, as that of the client. */
const silenceMaxMs = 30_000;

export function answerOf(status: number, body: unknown, headers: HttpAnswer['headers'] = {}): HttpAnswer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status, headers, body: Buffer.from(text) };
}

/** The network between a worker and everything else. */
export class Network {
  readonly hosts = new Map<string, Host>();
  /** Probability that an exchange goes wrong. */
  fails = 0;
  /** Whether statuses come that need a person. */
  refuses = false;
  readonly #kernel: Kernel;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** The one client of a worker. */
  get client(): HttpClient {
    return { request: (request: HttpRequest) => this.#request(request) } as unknown as HttpClient;
  }

  async #request(request: HttpRequest): Promise<HttpAnswer> {
    const { random, clock } = this.#kernel;
    const { host, pathname } = new URL(request.url);
    await this.#kernel.gate(`${request.method} ${host}${pathname}`);
    request.signal?.throwIfAborted();
    const goesWrong = random.chance(this.fails);
    const how = goesWrong ? random.pick(['lost', 'unanswered', 'status', 'body', 'slow'] as const) : 'well';
    if (goesWrong) this.#kernel.note(`${owners.getStore()?.name ?? ''} network: ${how}`);
    if (how === 'lost') throw unavailable();
    if (how === 'status') return this.#status();
    if (how === 'slow') await clock.sleep(random.int(1_000, silenceMaxMs + 5_000), request.signal);
    const answer = this.hosts.get(host)!.answer(request);
    // An answer takes its way, too: what is done over there cannot be seen here yet.
    await this.#kernel.gate(`gets ${answer.status} of ${host}`);
    request.signal?.throwIfAborted();
    if (how === 'unanswered') throw unavailable();
    if (how === 'body') return { ...answer, body: this.#broken(answer.body) };
    return answer;
  }

  #status(): HttpAnswer {
    const { random } = this.#kernel;
    const status = random.pick(this.refuses && random.chance(0.3) ? permanent : [...temporary, 401]);
    const headers = random.chance(0.3) ? { 'retry-after': [String(random.int(1, 90))] } : {};
    return answerOf(status, { code: 'out_of_order' }, headers);
  }

  #broken(body: Uint8Array): Uint8Array {
    const { random } = this.#kernel;
    return random.chance(0.5) ? body.subarray(0, random.int(0, body.byteLength - 1)) : Buffer.from(random.pick(bodies));
  }
}

function unavailable(): TrawlError {
  return new TrawlError('SOURCE_UNAVAILABLE', 'The connection broke.', { hint: 'It is tried again.' });
}
