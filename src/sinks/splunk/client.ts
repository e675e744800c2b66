import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { RefusedEvent } from '../../batch.js';
import { TrawlError } from '../../errors.js';
import { type HttpAnswer, type HttpClient, hostOf } from '../../http/client.js';
import { Cookies } from '../../http/cookies.js';
import { isJsonObject, jsonObjectOf } from '../../json-values.js';
import { ask, isSuccess, jsonOf, membersOf, unreadable } from '../http-answer.js';
import { Confirmations, parts } from '../parts.js';
import { type Pause, pause } from '../pause.js';
import { unmappedOf } from '../records.js';
import type { OnConfirmed, OutgoingBatch, Sent, SinkClient } from '../sink.js';
import { blamedEvent, noDataCode, splunkError } from './answer.js';
import { type EventLine, eventLines } from './lines.js';
import type { SplunkSettings } from './settings.js';

/** More refused events than this in one request mean that the settings are wrong, and not the events. */
const blamedMax = 100;

const ackPauseMs = { first: 250, max: 5_000 };

/**
 * One sending of a batch. The channel is new with each: an indexer that still knows an id of an earlier one must not
 * confirm this one by it.
 */
interface Sending {
  channel: string;
  /** Those of the load balancer, so that the indexer which took a request is the one that is asked about it. */
  cookies: Cookies;
  signal: AbortSignal | undefined;
}

interface PartSent {
  seqs: readonly number[];
  bytes: number;
  refused: RefusedEvent[];
  ackId: string | undefined;
}

/**
 * Splunk keeps no ids, so a batch that is sent again is there twice; each event has `trawl_collector` and `trawl_seq` to
 * tell. Without acknowledgement a request is confirmed when Splunk has taken it into its queue, with it when the
 * indexers have written it.
 */
export class SplunkClient implements SinkClient {
  readonly place: string;
  readonly #http: HttpClient;
  readonly #settings: SplunkSettings;
  readonly #pause: Pause;

  constructor(http: HttpClient, settings: SplunkSettings, wait: Pause = pause) {
    this.#http = http;
    this.#settings = settings;
    this.#pause = wait;
    this.place = `Splunk at ${hostOf(settings.url)}`;
  }

  async send(batch: OutgoingBatch, signal?: AbortSignal, confirmed?: OnConfirmed): Promise<Sent> {
    const lines = eventLines(batch, this.#settings);
    const sending = { channel: randomUUID(), cookies: new Cookies(), signal };
    const seqs = lines.map(({ outgoing }) => outgoing.event.seq);
    const confirmations = new Confirmations(seqs, confirmed);
    const has = (part: PartSent) => confirmations.add(part.seqs, part.bytes, part.refused);
    const sent: PartSent[] = [];
    const open = new Map<string, PartSent>();
    for (const ofPart of parts(lines, { bytesMax: this.#settings.maxBytes })) {
      const part = await this.#sendPart(ofPart, sending);
      sent.push(part);
      if (part.ackId === undefined) await has(part);
      else if (open.has(part.ackId)) throw this.#givenTwice();
      else open.set(part.ackId, part);
    }
    if (open.size > 0) await this.#acknowledged(open, has, sending);
    return {
      objects: [],
      bytes: sent.reduce((sum, { bytes }) => sum + bytes, 0),
      unmapped: unmappedOf(lines.map(({ outgoing }) => outgoing)),
      refused: sent.flatMap(({ refused }) => refused),
    };
  }

  async check(signal?: AbortSignal): Promise<void> {
    const answer = await this.#post('event', '', { channel: randomUUID(), cookies: new Cookies(), signal });
    if (isSuccess(answer)) this.#successCode(answer);
    else if (membersOf(answer).code !== noDataCode) throw splunkError(answer, this.place);
  }

  async close(): Promise<void> {}

  /**
   * The events that Splunk refuses are taken out one by one. Splunk may have kept those before such an event: they are
   * sent again all the same, since it does not say so.
   */
  async #sendPart(part: readonly EventLine[], sending: Sending): Promise<PartSent> {
    const seqs = part.map(({ outgoing }) => outgoing.event.seq);
    const rest = [...part];
    const refused: RefusedEvent[] = [];
    while (rest.length > 0) {
      const text = rest.map((line) => line.text).join('\n');
      const body = this.#settings.gzip ? gzipSync(text) : Buffer.from(text);
      const answer = await this.#post('event', body, sending);
      if (isSuccess(answer)) return { seqs, bytes: body.byteLength, refused, ackId: this.#successCode(answer) };
      const blamed = blamedEvent(answer, rest.length);
      if (!blamed || refused.length >= blamedMax) throw splunkError(answer, this.place);
      const [line] = rest.splice(blamed.index, 1);
      const { seq, id } = line!.outgoing.event;
      refused.push({ seq, id, reason: blamed.reason });
    }
    return { seqs, bytes: 0, refused, ackId: undefined };
  }

  /** The id to ask for the acknowledgement with, where the answer must have one. */
  #successCode(answer: HttpAnswer): string | undefined {
    const { code, ackId } = jsonObjectOf(jsonOf(answer, this.place));
    if (code !== 0) throw unreadable(this.place, 'none of the HTTP Event Collector');
    if (!this.#settings.useAck) return undefined;
    if (typeof ackId === 'number' && Number.isSafeInteger(ackId)) return String(ackId);
    throw new TrawlError('SINK_REFUSED', `${this.place} gave no id for the acknowledgement.`, {
      hint: 'Enable indexer acknowledgement for the token in Splunk, or set useAck=no for the sink.',
    });
  }

  /** Splunk tells each acknowledgement once, so what was told is remembered here. */
  async #acknowledged(
    open: Map<string, PartSent>,
    has: (part: PartSent) => Promise<void>,
    sending: Sending,
  ): Promise<void> {
    const all = open.size;
    const waitMaxMs = this.#settings.ackWaitSeconds * 1000;
    let waitedMs = 0;
    for (let wait = ackPauseMs.first; ; wait = Math.min(wait * 2, ackPauseMs.max)) {
      const answer = await this.#post('ack', JSON.stringify({ acks: [...open.keys()].map(Number) }), sending);
      if (!isSuccess(answer)) throw splunkError(answer, this.place);
      const { acks: told } = jsonObjectOf(jsonOf(answer, this.place));
      if (!isJsonObject(told)) throw unreadable(this.place, 'no list of acknowledgements');
      for (const [id, written] of Object.entries(told)) {
        const part = open.get(id);
        if (written !== true || !part) continue;
        open.delete(id);
        await has(part);
      }
      if (open.size === 0) return;
      if (waitedMs >= waitMaxMs) break;
      const ms = Math.min(wait, waitMaxMs - waitedMs);
      await this.#pause(ms, sending.signal);
      waitedMs += ms;
    }
    const seconds = this.#settings.ackWaitSeconds;
    throw new TrawlError(
      'SINK_UNAVAILABLE',
      `${this.place} has not acknowledged ${open.size} of ${all} requests within ${seconds} s.`,
      { hint: 'They are sent again; if it stays so, look at the indexers, or raise ackWaitSeconds of the sink.' },
    );
  }

  /** Two indexers number their requests each by itself: which of the two an acknowledgement is for cannot be told. */
  #givenTwice(): TrawlError {
    return new TrawlError('SINK_UNAVAILABLE', `${this.place} gave one id for the acknowledgement of two requests.`, {
      hint: 'They are sent again. Let the load balancer before the indexers keep a client at one of them, by cookie or address.',
    });
  }

  async #post(
    endpoint: 'event' | 'ack',
    body: string | Uint8Array,
    { channel, cookies, signal }: Sending,
  ): Promise<HttpAnswer> {
    const { url, token, useAck } = this.#settings;
    const headers = {
      authorization: `Splunk ${token.reveal()}`,
      'content-type': 'application/json',
      ...(useAck ? { 'x-splunk-request-channel': channel, ...cookies.header() } : {}),
      ...(typeof body === 'string' || !this.#settings.gzip ? {} : { 'content-encoding': 'gzip' }),
    };
    const answer = await ask(
      this.#http,
      { method: 'POST', url: `${url}/services/collector/${endpoint}`, headers, body, signal },
      this.place,
    );
    cookies.keep(answer);
    return answer;
  }
}
