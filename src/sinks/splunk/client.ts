import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { TrawlError } from '../../errors.js';
import { type HttpAnswer, type HttpClient, hostOf } from '../../http/client.js';
import { ask, asObject, isSuccess, jsonOf, membersOf, unreadable } from '../http-answer.js';
import { Confirmations, parts } from '../parts.js';
import { type Pause, pause } from '../pause.js';
import { unmappedOf } from '../records.js';
import type { OnConfirmed, OutgoingBatch, RefusedEvent, Sent, SinkClient } from '../sink.js';
import { blamedEvent, noDataCode, splunkError } from './answer.js';
import { type EventLine, eventLines } from './lines.js';
import type { SplunkSettings } from './settings.js';

/** More refused events than this in one request mean that the settings are wrong, and not the events. */
const blamedMax = 100;

const ackPauseMs = { first: 250, max: 5_000 };

interface PartSent {
  seqs: readonly number[];
  bytes: number;
  refused: RefusedEvent[];
  ackId: number | undefined;
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
    const channel = channelOf(this.#settings.sink, batch);
    const seqs = lines.map(({ outgoing }) => outgoing.event.seq);
    const confirmations = new Confirmations(seqs, confirmed);
    const has = (part: PartSent) => confirmations.add(part.seqs, part.bytes, part.refused);
    const sent: PartSent[] = [];
    const open = new Map<number, PartSent>();
    for (const ofPart of parts(lines, { bytesMax: this.#settings.bytesMax })) {
      const part = await this.#sendPart(ofPart, channel, signal);
      sent.push(part);
      if (part.ackId === undefined) await has(part);
      else open.set(part.ackId, part);
    }
    if (open.size > 0) await this.#acknowledged(open, has, channel, signal);
    return {
      objects: [],
      bytes: sent.reduce((sum, { bytes }) => sum + bytes, 0),
      unmapped: unmappedOf(lines.map(({ outgoing }) => outgoing)),
      refused: sent.flatMap(({ refused }) => refused),
    };
  }

  async check(signal?: AbortSignal): Promise<void> {
    const answer = await this.#post('event', '', channelOf(this.#settings.sink, { collector: '', name: '' }), signal);
    if (isSuccess(answer)) this.#successCode(answer);
    else if (membersOf(answer).code !== noDataCode) throw splunkError(answer, this.place);
  }

  async close(): Promise<void> {}

  /**
   * The events that Splunk refuses are taken out one by one. Splunk may have kept those before such an event: they are
   * sent again all the same, since it does not say so.
   */
  async #sendPart(part: readonly EventLine[], channel: string, signal: AbortSignal | undefined): Promise<PartSent> {
    const seqs = part.map(({ outgoing }) => outgoing.event.seq);
    const rest = [...part];
    const refused: RefusedEvent[] = [];
    while (rest.length > 0) {
      const text = rest.map((line) => line.text).join('\n');
      const body = this.#settings.gzip ? gzipSync(text) : Buffer.from(text);
      const answer = await this.#post('event', body, channel, signal);
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
  #successCode(answer: HttpAnswer): number | undefined {
    const { code, ackId } = asObject(jsonOf(answer, this.place));
    if (code !== 0) throw unreadable(this.place, 'none of the HTTP Event Collector');
    if (!this.#settings.useAck) return undefined;
    if (typeof ackId === 'number' && Number.isSafeInteger(ackId)) return ackId;
    throw new TrawlError('SINK_REFUSED', `${this.place} gave no id for the acknowledgement.`, {
      hint: 'Enable indexer acknowledgement for the token in Splunk, or set useAck=no for the sink.',
    });
  }

  /** Splunk tells each acknowledgement once, so what was told is remembered here. */
  async #acknowledged(
    open: Map<number, PartSent>,
    has: (part: PartSent) => Promise<void>,
    channel: string,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const all = open.size;
    let waitedMs = 0;
    for (let wait = ackPauseMs.first; ; wait = Math.min(wait * 2, ackPauseMs.max)) {
      const answer = await this.#post('ack', JSON.stringify({ acks: [...open.keys()] }), channel, signal);
      if (!isSuccess(answer)) throw splunkError(answer, this.place);
      const { acks: told } = asObject(jsonOf(answer, this.place));
      if (typeof told !== 'object' || told === null) throw unreadable(this.place, 'no list of acknowledgements');
      for (const [id, written] of Object.entries(told)) {
        const part = open.get(Number(id));
        if (written !== true || !part) continue;
        open.delete(Number(id));
        await has(part);
      }
      if (open.size === 0) return;
      if (waitedMs >= this.#settings.ackWaitMs) break;
      const ms = Math.min(wait, this.#settings.ackWaitMs - waitedMs);
      await this.#pause(ms, signal);
      waitedMs += ms;
    }
    const seconds = this.#settings.ackWaitMs / 1000;
    throw new TrawlError(
      'SINK_UNAVAILABLE',
      `${this.place} has not acknowledged ${open.size} of ${all} requests within ${seconds} s.`,
      { hint: 'They are sent again; if it stays so, look at the indexers, or raise ackWaitSeconds of the sink.' },
    );
  }

  #post(
    endpoint: 'event' | 'ack',
    body: string | Uint8Array,
    channel: string,
    signal: AbortSignal | undefined,
  ): Promise<HttpAnswer> {
    const { url, token, useAck } = this.#settings;
    const headers = {
      authorization: `Splunk ${token.reveal()}`,
      'content-type': 'application/json',
      ...(useAck ? { 'x-splunk-request-channel': channel } : {}),
      ...(typeof body === 'string' || !this.#settings.gzip ? {} : { 'content-encoding': 'gzip' }),
    };
    return ask(
      this.#http,
      { method: 'POST', url: `${url}/services/collector/${endpoint}`, headers, body, signal },
      this.place,
    );
  }
}

/** The same UUID for each sending of a batch (RFC 9562, version 8: of a digest). */
function channelOf(sink: string, { collector, name }: Pick<OutgoingBatch, 'collector' | 'name'>): string {
  const bytes = createHash('sha256')
    .update(JSON.stringify([sink, collector, name]))
    .digest()
    .subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
