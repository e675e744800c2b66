import { gzipSync } from 'node:zlib';
import { TrawlError } from '../../errors.js';
import type { HttpAnswer, HttpClient } from '../../http/client.js';
import { hostOf } from '../../http/connection-hints.js';
import { jsonObjectOf } from '../../json-values.js';
import { Delivery, type Refusal, type RequestRefused, type Taken } from '../delivery.js';
import { ask, isSuccess, jsonOf, membersOf, unreadable } from '../http-answer.js';
import { type Pause, pause } from '../pause.js';
import type { OnConfirmed, OutgoingBatch, SendResult, SinkClient } from '../sink.js';
import { bulkError, bulkRefused, outcomesOf } from './answer.js';
import { type Document, documentsByIndex } from './documents.js';
import type { ElasticsearchSettings } from './settings.js';

/** Pauses before each retry of documents that were put off. After the last one the batch fails and is sent again. */
const laterPausesMs = [1_000, 3_000, 9_000];

/** Elasticsearch and OpenSearch. Each event has an id of its own, so a batch that is sent again is stored only once. */
export class ElasticsearchClient implements SinkClient {
  readonly place: string;
  readonly answerMaxMs: number;
  readonly #http: HttpClient;
  readonly #settings: ElasticsearchSettings;
  readonly #pause: Pause;

  constructor(http: HttpClient, settings: ElasticsearchSettings, wait: Pause = pause) {
    this.#http = http;
    this.#settings = settings;
    this.#pause = wait;
    this.answerMaxMs = settings.timeoutSeconds * 1_000;
    this.place = `Elasticsearch at ${hostOf(settings.url)}`;
  }

  async send(batch: OutgoingBatch, signal?: AbortSignal, confirmed?: OnConfirmed): Promise<SendResult> {
    const { maxBytes: bytesMax } = this.#settings;
    const delivery = new Delivery<Document>(batch, confirmed);
    for (const [index, documents] of documentsByIndex(batch, this.#settings))
      await delivery.send(documents, { bytesMax }, (part) => this.#request(index, part, signal));
    return delivery.result();
  }

  /** Sends a request without documents. The complaint that it is empty proves that the credentials are accepted. */
  async check(signal?: AbortSignal): Promise<void> {
    const answer = await this.#post('_bulk', '\n', signal);
    if (isSuccess(answer)) {
      if (!Array.isArray(jsonObjectOf(jsonOf(answer, this.place)).items)) throw this.#foreign();
    } else if (answer.status !== 400 || membersOf(answer).error === undefined) throw bulkError(answer, this.place);
  }

  async close(): Promise<void> {}

  /** A request of which documents are put off is repeated with those. All of it may be sent again: the ids are the same. */
  async #request(
    index: string,
    part: readonly Document[],
    signal: AbortSignal | undefined,
  ): Promise<Taken<Document> | RequestRefused> {
    const refused = new Map<Document, Refusal>();
    let bytes = 0;
    let rest = part;
    for (const waitMs of [...laterPausesMs, null]) {
      const text = rest.map((document) => document.text).join('');
      const body = this.#settings.gzip ? gzipSync(text) : Buffer.from(text);
      const answer = await this.#post(`${encodeURIComponent(index)}/_bulk`, body, signal);
      if (!isSuccess(answer)) return bulkRefused(answer, this.place, this.#secrets());
      bytes += body.byteLength;
      const later: Document[] = [];
      for (const [document, outcome] of this.#outcomes(answer, rest)) {
        if (outcome.kind === 'failed') throw outcome.error;
        if (outcome.kind === 'refused') refused.set(document, outcome);
        if (outcome.kind === 'later' && waitMs === null && outcome.refusal) refused.set(document, outcome.refusal);
        else if (outcome.kind === 'later') later.push(document);
      }
      if (later.length === 0) return { kind: 'taken', bytes, refused };
      rest = later;
      if (waitMs !== null) await this.#pause(waitMs, signal);
    }
    throw new TrawlError('SINK_UNAVAILABLE', `${this.place} has no room for ${rest.length} documents now.`, {
      hint: 'They are sent again; if this persists, check the load of the cluster, or lower batchEvents.',
    });
  }

  #outcomes(answer: HttpAnswer, documents: readonly Document[]) {
    const { items } = jsonObjectOf(jsonOf(answer, this.place));
    const outcomes = outcomesOf(items, documents, this.#settings.dataStream, this.place);
    if (!outcomes) throw this.#foreign();
    return documents.map((document, at) => [document, outcomes[at]!] as const);
  }

  #foreign(): TrawlError {
    return unreadable(this.place, 'not from the bulk API');
  }

  #post(path: string, body: string | Uint8Array, signal: AbortSignal | undefined): Promise<HttpAnswer> {
    const headers = {
      'content-type': 'application/x-ndjson',
      ...this.#credentials(),
      ...(typeof body === 'string' || !this.#settings.gzip ? {} : { 'content-encoding': 'gzip' }),
    };
    const url = `${this.#settings.url}/${path}`;
    const { answerMaxMs } = this;
    return ask(this.#http, { method: 'POST', url, headers, body, signal, answerMaxMs }, this.place);
  }

  #secrets(): (string | undefined)[] {
    const { apiKey, password } = this.#settings;
    // A proxy may quote the header.
    const basic = this.#credentials().authorization?.split(' ')[1];
    return [apiKey?.reveal(), password?.reveal(), basic];
  }

  #credentials(): Record<string, string> {
    const { apiKey, user, password } = this.#settings;
    if (apiKey) return { authorization: `ApiKey ${apiKey.reveal()}` };
    if (user === undefined || !password) return {};
    return { authorization: `Basic ${Buffer.from(`${user}:${password.reveal()}`).toString('base64')}` };
  }
}
