import { TrawlError } from '../../src/errors.js';
import type { HttpAnswer, HttpClient, HttpRequest } from '../../src/http/client.js';
import { type Kernel, type Owner, owners } from './kernel.js';

/** Answers the requests to one host. */
export interface Host {
  answer(request: HttpRequest): HttpAnswer;
  /** How long it takes to answer. */
  readonly slowMs?: number;
}

const temporary = [408, 425, 429, 499, 500, 502, 503, 504, 520];
const permanent = [400, 403, 404, 410];
/** Those that may mean that an offset is not known. */
const offsetRefusals = [400, 404, 410];
/** Fewer in a row than are believed (activities/failure.ts): what fails only for a while must have no consequence. */
const permanentInRowMax = 2;
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
  /** Called when a host has answered, before anybody knows the answer. */
  onAnswer: (host: Host) => void = () => {};
  /** Probability that an exchange goes wrong. */
  fails = 0;
  /** Whether statuses come that need a person. */
  refuses = false;
  /** A host that refuses most requests: as busy, and those of a step that has failed twice for another reason. */
  faltering: { host: string; requests: number } | undefined;
  /** Number of statuses that need a person, by step. */
  readonly #permanent = new Map<string, number>();
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
    if (this.#falters(host)) return this.#status(this.#refusesOffset() ? offsetRefusals : temporary);
    if (how === 'lost') throw unavailable();
    if (how === 'status') return this.#status(this.refuses && random.chance(0.3) ? permanent : [...temporary, 401]);
    if (how === 'slow') await clock.sleep(random.int(1_000, silenceMaxMs + 5_000), request.signal);
    const found = this.hosts.get(host)!;
    if (found.slowMs) await clock.sleep(found.slowMs, request.signal);
    const answer = found.answer(request);
    this.onAnswer(found);
    // An answer takes its way, too: what is done over there cannot be seen here yet.
    await this.#kernel.gate(`gets ${answer.status} of ${host}`);
    request.signal?.throwIfAborted();
    if (how === 'unanswered') throw unavailable();
    if (how === 'body') return { ...answer, body: this.#broken(answer.body) };
    return answer;
  }

  /** Whoever asks once more before an offset is thrown away is refused at once. */
  #refusesOffset(): boolean {
    const { step, attempt } = stepOf(owners.getStore());
    return attempt > 2 || step.includes('rewindCheckpoint');
  }

  #falters(host: string): boolean {
    const { faltering } = this;
    if (faltering?.host !== host || faltering.requests === 0) return false;
    faltering.requests -= 1;
    return this.#kernel.random.chance(0.6);
  }

  #status(statuses: readonly number[]): HttpAnswer {
    const { random } = this.#kernel;
    const drawn = random.pick(statuses);
    const status = permanent.includes(drawn) && !this.#mayRefuse() ? 503 : drawn;
    const headers = random.chance(0.3) ? { 'retry-after': [String(random.int(1, 90))] } : {};
    return answerOf(status, { code: 'out_of_order' }, headers);
  }

  /** An attempt may meet more than one of them, but is counted once for each. */
  #mayRefuse(): boolean {
    const { step, attempt } = stepOf(owners.getStore());
    const before = attempt === 1 ? 0 : (this.#permanent.get(step) ?? 0);
    this.#permanent.set(step, before + 1);
    return before < permanentInRowMax;
  }

  #broken(body: Uint8Array): Uint8Array {
    const { random } = this.#kernel;
    return random.chance(0.5) ? body.subarray(0, random.int(0, body.byteLength - 1)) : Buffer.from(random.pick(bodies));
  }
}

function unavailable(): TrawlError {
  return new TrawlError('SOURCE_UNAVAILABLE', 'The connection broke.', { hint: 'It is tried again.' });
}

/** What an attempt is one of. */
function stepOf(owner: Owner | undefined): { step: string; attempt: number } {
  const [, step = '', attempt = '1'] = /^\S+ (.*)\/(\d+)$/.exec(owner?.name ?? '') ?? [];
  return { step, attempt: Number(attempt) };
}
