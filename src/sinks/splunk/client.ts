import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { counted } from '../../counted.js';
import { TrawlError } from '../../errors.js';
import type { HttpAnswer, HttpClient } from '../../http/client.js';
import { hostOf } from '../../http/connection-hints.js';
import { Cookies } from '../../http/cookies.js';
import { isJsonObject, jsonObjectOf } from '../../json-values.js';
import { Delivery } from '../delivery.js';
import { ask, isSuccess, jsonOf, membersOf, unreadable } from '../http-answer.js';
import { type Pause, pause } from '../pause.js';
import type { OnConfirmed, OutgoingBatch, SendResult, SinkClient } from '../sink.js';
import { noDataCode, splunkError, splunkRefused } from './answer.js';
import { type EventLine, eventLines } from './lines.js';
import type { SplunkSettings } from './settings.js';

const ackPauseMs = { first: 250, max: 5_000 };

/**
 * One attempt to send a batch. Each has a new channel: an indexer that still knows an id of an earlier attempt must not
 * confirm this one with it.
 */
interface Sending {
  channel: string;
  /** Cookies of the load balancer, so that queries about a request go to the indexer that accepted it. */
  cookies: Cookies;
  signal: AbortSignal | undefined;
}

/**
 * Splunk has no ids, so a batch that is sent again is stored twice; `trawl_collector` and `trawl_seq` of each event
 * identify duplicates. Without acknowledgement a request is confirmed once Splunk has queued it, with acknowledgement
 * once the indexers have written it.
 */
export class SplunkClient implements SinkClient {
  readonly place: string;
  /** With the wait for the acknowledgement. */
  readonly answerMaxMs: number;
  readonly #http: HttpClient;
  readonly #settings: SplunkSettings;
  readonly #pause: Pause;

  constructor(http: HttpClient, settings: SplunkSettings, wait: Pause = pause) {
    this.#http = http;
    this.#settings = settings;
    this.#pause = wait;
    const { timeoutSeconds, useAck, ackWaitSeconds } = settings;
    this.answerMaxMs = (timeoutSeconds + (useAck ? ackWaitSeconds : 0)) * 1_000;
    this.place = `Splunk at ${hostOf(settings.url)}`;
  }

  async send(batch: OutgoingBatch, signal?: AbortSignal, confirmed?: OnConfirmed): Promise<SendResult> {
    const lines = eventLines(batch, this.#settings);
    const sending = { channel: randomUUID(), cookies: new Cookies(), signal };
    const delivery = new Delivery<EventLine>(batch, confirmed);
    const open = new Map<string, () => Promise<void>>();
    const sent = delivery.send(lines, { bytesMax: this.#settings.maxBytes }, async (part) => {
      const text = part.map((line) => line.text).join('\n');
      const body = this.#settings.gzip ? gzipSync(text) : Buffer.from(text);
      const answer = await this.#post('event', body, sending);
      if (!isSuccess(answer)) return splunkRefused(answer, this.place, [this.#settings.token.reveal()]);
      const ackId = this.#successCode(answer);
      const taken = { kind: 'taken', bytes: body.byteLength } as const;
      if (ackId === undefined) return taken;
      if (open.has(ackId)) {
        open.clear();
        throw this.#givenTwice();
      }
      open.set(ackId, () => delivery.confirm(part, body.byteLength));
      return { ...taken, open: true };
    });
    try {
      await sent;
    } catch (error) {
      // Otherwise the requests before the one that fails are sent again, although Splunk has them.
      if (error instanceof TrawlError && open.size > 0) await this.#acknowledged(open, sending).catch(() => undefined);
      throw error;
    }
    if (open.size > 0) await this.#acknowledged(open, sending);
    return delivery.result();
  }

  async check(signal?: AbortSignal): Promise<void> {
    const answer = await this.#post('event', '', { channel: randomUUID(), cookies: new Cookies(), signal });
    if (isSuccess(answer)) this.#successCode(answer);
    else if (membersOf(answer).code !== noDataCode) throw splunkError(answer, this.place);
  }

  async close(): Promise<void> {}

  /** The id of the acknowledgement, if one is required. */
  #successCode(answer: HttpAnswer): string | undefined {
    const { code, ackId } = jsonObjectOf(jsonOf(answer, this.place));
    if (code !== 0) throw unreadable(this.place, 'not from the HTTP Event Collector');
    if (!this.#settings.useAck) return undefined;
    if (typeof ackId === 'number' && Number.isSafeInteger(ackId)) return String(ackId);
    throw new TrawlError('SINK_REFUSED', `${this.place} returned no id for the acknowledgement.`, {
      hint: 'Enable indexer acknowledgement for the token in Splunk, or set useAck=no for the sink.',
    });
  }

  /** Splunk reports each acknowledgement only once, so it is remembered here. */
  async #acknowledged(open: Map<string, () => Promise<void>>, sending: Sending): Promise<void> {
    const all = open.size;
    const waitMaxMs = this.#settings.ackWaitSeconds * 1000;
    let waitedMs = 0;
    for (let wait = ackPauseMs.first; ; wait = Math.min(wait * 2, ackPauseMs.max)) {
      const answer = await this.#post('ack', JSON.stringify({ acks: [...open.keys()].map(Number) }), sending);
      if (!isSuccess(answer)) throw splunkError(answer, this.place);
      const { acks: written } = jsonObjectOf(jsonOf(answer, this.place));
      if (!isJsonObject(written)) throw unreadable(this.place, 'not a list of acknowledgements');
      for (const [id, isWritten] of Object.entries(written)) {
        const confirm = open.get(id);
        if (isWritten !== true || !confirm) continue;
        open.delete(id);
        await confirm();
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
      `${this.place} has not acknowledged ${open.size} of ${counted(all, 'request')} within ${seconds} s.`,
      { hint: 'They are sent again; if this persists, check the indexers, or raise ackWaitSeconds of the sink.' },
    );
  }

  /** Indexers number their requests independently, so an acknowledgement of this id could be for either request. */
  #givenTwice(): TrawlError {
    return new TrawlError('SINK_UNAVAILABLE', `${this.place} returned the same acknowledgement id for two requests.`, {
      hint: 'They are sent again. Enable sticky sessions, by cookie or address, on the load balancer of the indexers.',
    });
  }

  async #post(
    endpoint: 'event' | 'ack',
    body: string | Uint8Array,
    { channel, cookies, signal }: Sending,
  ): Promise<HttpAnswer> {
    const { url, token, useAck, timeoutSeconds } = this.#settings;
    const headers = {
      authorization: `Splunk ${token.reveal()}`,
      'content-type': 'application/json',
      ...(useAck ? { 'x-splunk-request-channel': channel, ...cookies.header() } : {}),
      ...(typeof body === 'string' || !this.#settings.gzip ? {} : { 'content-encoding': 'gzip' }),
    };
    const bounds = { signal, answerMaxMs: timeoutSeconds * 1_000 };
    const request = { method: 'POST', url: `${url}/services/collector/${endpoint}`, headers, body, ...bounds } as const;
    const answer = await ask(this.#http, request, this.place);
    cookies.keep(answer);
    return answer;
  }
}
