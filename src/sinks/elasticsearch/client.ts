import { gzipSync } from 'node:zlib';
import type { RefusedEvent } from '../../batch.js';
import { TrawlError } from '../../errors.js';
import type { HttpAnswer, HttpClient } from '../../http/client.js';
import { hostOf } from '../../http/connection-hints.js';
import { jsonObjectOf } from '../../json-values.js';
import { ask, isSuccess, jsonOf, membersOf, unreadable } from '../http-answer.js';
import { Confirmations, parts } from '../parts.js';
import { type Pause, pause } from '../pause.js';
import { unmappedOf } from '../records.js';
import type { OnConfirmed, OutgoingBatch, SendResult, SinkClient } from '../sink.js';
import { bulkError, outcomesOf } from './answer.js';
import { type Document, documentsByIndex } from './documents.js';
import type { ElasticsearchSettings } from './settings.js';

/** Pauses before each retry of documents that were put off. After the last one the batch fails and is sent again. */
const laterPausesMs = [1_000, 3_000, 9_000];

/** Elasticsearch and OpenSearch. Each event has an id of its own, so a batch that is sent again is stored only once. */
export class ElasticsearchClient implements SinkClient {
  readonly place: string;
  readonly #http: HttpClient;
  readonly #settings: ElasticsearchSettings;
  readonly #pause: Pause;

  constructor(http: HttpClient, settings: ElasticsearchSettings, wait: Pause = pause) {
    this.#http = http;
    this.#settings = settings;
    this.#pause = wait;
    this.place = `Elasticsearch at ${hostOf(settings.url)}`;
  }

  async send(batch: OutgoingBatch, signal?: AbortSignal, confirmed?: OnConfirmed): Promise<SendResult> {
    const byIndex = documentsByIndex(batch, this.#settings);
    const seqs = batch.events.map(({ seq }) => seq);
    const confirmations = new Confirmations(seqs, confirmed);
    const refused: RefusedEvent[] = [];
    let bytes = 0;
    for (const [index, documents] of byIndex) {
      for (const part of parts(documents, { bytesMax: this.#settings.maxBytes })) {
        const sent = await this.#sendPart(index, part, signal);
        bytes += sent.bytes;
        refused.push(...sent.refused);
        const ofPart = part.map(({ outgoing }) => outgoing.event.seq);
        await confirmations.add(ofPart, sent.bytes, sent.refused);
      }
    }
    const all = [...byIndex.values()].flat().map(({ outgoing }) => outgoing);
    return { objects: [], bytes, unmapped: unmappedOf(all), refused: refused.sort((a, b) => a.seq - b.seq) };
  }

  /** Sends a request without documents. The complaint that it is empty proves that the credentials are accepted. */
  async check(signal?: AbortSignal): Promise<void> {
    const answer = await this.#post('_bulk', '\n', signal);
    if (isSuccess(answer)) {
      if (!Array.isArray(jsonObjectOf(jsonOf(answer, this.place)).items)) throw this.#foreign();
    } else if (answer.status !== 400 || membersOf(answer).error === undefined) throw bulkError(answer, this.place);
  }

  async close(): Promise<void> {}

  async #sendPart(
    index: string,
    part: readonly Document[],
    signal: AbortSignal | undefined,
  ): Promise<{ bytes: number; refused: RefusedEvent[] }> {
    const refused: RefusedEvent[] = [];
    const refuse = ({ outgoing: { event } }: Document, reason: string) =>
      refused.push({ seq: event.seq, id: event.id, reason });
    let bytes = 0;
    let rest = part;
    for (const waitMs of [...laterPausesMs, null]) {
      const text = rest.map((document) => document.text).join('');
      const body = this.#settings.gzip ? gzipSync(text) : Buffer.from(text);
      const answer = await this.#post(`${encodeURIComponent(index)}/_bulk`, body, signal);
      if (answer.status === 413 && rest.length === 1) {
        refuse(rest[0]!, 'It does not accept a document of this size (413).');
        return { bytes, refused };
      }
      if (!isSuccess(answer)) throw bulkError(answer, this.place);
      bytes += body.byteLength;
      const later: Document[] = [];
      for (const [document, outcome] of this.#outcomes(answer, rest)) {
        if (outcome.kind === 'failed') throw outcome.error;
        if (outcome.kind === 'refused') refuse(document, outcome.reason);
        if (outcome.kind === 'later') later.push(document);
      }
      if (later.length === 0) return { bytes, refused };
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
    return ask(this.#http, { method: 'POST', url, headers, body, signal }, this.place);
  }

  #credentials(): Record<string, string> {
    const { apiKey, user, password } = this.#settings;
    if (apiKey) return { authorization: `ApiKey ${apiKey.reveal()}` };
    if (user === undefined || !password) return {};
    return { authorization: `Basic ${Buffer.from(`${user}:${password.reveal()}`).toString('base64')}` };
  }
}
