import { createHmac } from 'node:crypto';
import { TrawlError } from '../../errors.js';
import type { HttpAnswer, HttpClient } from '../../http/client.js';
import { hostOf } from '../../http/connection-hints.js';
import { jsonObjectOf } from '../../json-values.js';
import { Delivery, type RequestRefused } from '../delivery.js';
import { ask, isSuccess, statusError, unreadable } from '../http-answer.js';
import { type OutgoingRecord, records } from '../records.js';
import { contentRefused, shortened } from '../refusal.js';
import type { OnConfirmed, OutgoingBatch, SendResult, SinkClient } from '../sink.js';
import { type Confirmation, confirmationOf, judged } from './confirmation.js';
import type { WebhookSettings } from './settings.js';

const howToConfirm =
  'Check url of the sink and any proxy in between; the same events are sent again. If the receiver has its own way to say yes, set confirm of the sink.';

const notAccepted = 'Check the receiver, and url and authorization of the sink: it must accept such events.';
const contentHints = { 400: notAccepted, 422: notAccepted };

interface Part {
  firstSeq: number;
  lastSeq: number;
  lines: readonly string[];
}

/** Posts batches as JSON. A batch that is sent again has the same key, by which the receiver can recognise it. */
export class WebhookClient implements SinkClient {
  readonly place: string;
  readonly answerMaxMs: number;
  readonly #http: HttpClient;
  readonly #settings: WebhookSettings;
  readonly #confirmation: Confirmation;

  constructor(http: HttpClient, settings: WebhookSettings) {
    this.#http = http;
    this.#settings = settings;
    this.#confirmation = confirmationOf(settings.confirm)!;
    this.answerMaxMs = settings.timeoutSeconds * 1_000;
    this.place = `Webhook at ${hostOf(settings.url.reveal())}`;
  }

  async send(batch: OutgoingBatch, signal?: AbortSignal, confirmed?: OnConfirmed): Promise<SendResult> {
    const items = records(batch).map((outgoing) => ({ outgoing, bytes: Buffer.byteLength(outgoing.json) + 1 }));
    const { maxBytes: bytesMax, maxEvents: eventsMax } = this.#settings;
    const delivery = new Delivery(batch, confirmed);
    await delivery.send(items, { bytesMax, eventsMax }, async (part) => {
      const body = bodyOf(batch, partOf(part.map(({ outgoing }) => outgoing)));
      const answer = await this.#post(body, keyOf(batch, part[0]!.outgoing, part.at(-1)!.outgoing), signal);
      return this.#refusal(answer) ?? { kind: 'taken', bytes: body.byteLength };
    });
    return delivery.result();
  }

  /** Sends a batch without events, which the receiver confirms like any other. */
  async check(signal?: AbortSignal): Promise<void> {
    const empty = { collector: 'trawl-check', source: 'trawl-check', name: 'trawl-check' };
    const body = bodyOf(empty, { firstSeq: 0, lastSeq: 0, lines: [] });
    const refused = this.#refusal(await this.#post(body, 'trawl-check', signal));
    if (refused) throw refused.error;
  }

  async close(): Promise<void> {}

  #post(body: Buffer, key: string, signal: AbortSignal | undefined): Promise<HttpAnswer> {
    const { url, signingSecret, authorization } = this.#settings;
    const timestamp = String(Math.floor(Date.now() / 1000));
    const headers = {
      'content-type': 'application/json',
      'idempotency-key': key,
      'x-trawl-timestamp': timestamp,
      ...(signingSecret ? { 'x-trawl-signature': `v1=${signature(signingSecret.reveal(), timestamp, body)}` } : {}),
      ...(authorization ? { authorization: authorization.reveal() } : {}),
    };
    const { answerMaxMs } = this;
    const request = { method: 'POST', url: url.reveal(), secretUrl: true, headers, body, signal, answerMaxMs } as const;
    return ask(this.#http, request, this.place);
  }

  /**
   * An HTML page with status 200 comes from something in between, such as a sign-in page. A status in the body of the
   * answer counts as if it were the answer's own.
   * @returns the refusal of the content; undefined if the receiver confirms
   */
  #refusal(answer: HttpAnswer): RequestRefused | undefined {
    if (!isSuccess(answer))
      return contentRefused(answer, statusError(answer, this.place, contentHints), this.#secrets());
    // With several statuses in one answer, some of the events may have failed.
    if (answer.status === 207) throw unreadable(this.place, 'a multi-status answer (207)', undefined, howToConfirm);
    const said = judged(answer, this.#confirmation);
    if ('yes' in said) return undefined;
    if ('unclear' in said) throw unreadable(this.place, said.unclear, undefined, howToConfirm);
    const error = new TrawlError(
      'SINK_REFUSED',
      `${this.place} answered ${answer.status} and says no${this.#reason(said.no)}.`,
      {
        hint: 'Check the receiver: it must accept these events before others are sent. If that is how it says yes, set confirm of the sink.',
      },
    );
    return contentRefused({ ...answer, status: said.status ?? answer.status }, error, this.#secrets());
  }

  #reason(error: unknown): string {
    const { message } = jsonObjectOf(error);
    const text = [error, message].find((candidate) => typeof candidate === 'string');
    return typeof text !== 'string' || text === '' ? '' : `: ${shortened(text, this.#secrets())}`;
  }

  /** Some receivers have their key in the path or the query. */
  #secrets(): (string | undefined)[] {
    const { url, signingSecret, authorization } = this.#settings;
    const words = authorization?.reveal().split(' ') ?? [];
    return [signingSecret?.reveal(), authorization?.reveal(), ...words, ...partsOf(url.reveal())];
  }
}

/** Texts of a URL that a receiver may quote: the URL, its path, and the parts that may be keys, as they are and decoded. */
function partsOf(url: string): string[] {
  const { pathname, search, searchParams } = new URL(url);
  const parts = pathname.split('/').filter((part) => !/^[a-z]*$/.test(part));
  const values = search.split(/[?&]/).map((pair) => pair.slice(pair.indexOf('=') + 1));
  return [url, pathname, ...searchParams.values(), ...[...parts, ...values].flatMap((part) => [part, decoded(part)])];
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function partOf(outgoing: readonly OutgoingRecord[]): Part {
  return {
    firstSeq: outgoing[0]!.event.seq,
    lastSeq: outgoing.at(-1)!.event.seq,
    lines: outgoing.map(({ json }) => json),
  };
}

/** Inserts the lines of the events unchanged, so that raw texts stay intact. */
function bodyOf(batch: Pick<OutgoingBatch, 'name' | 'collector' | 'source'>, part: Part): Buffer {
  const { name, collector, source } = batch;
  const { firstSeq, lastSeq, lines } = part;
  const before = JSON.stringify({ batch: name, collector, source, firstSeq, lastSeq }).slice(0, -1);
  return Buffer.from(`${before},"events":[${lines.join(',')}]}`);
}

/**
 * The key of a part contains its sequence numbers. A part number alone would stand for other events after a change of
 * maxEvents, and the receiver would drop them as known.
 */
function keyOf({ collector, name }: OutgoingBatch, first: OutgoingRecord, last: OutgoingRecord): string {
  return `${collector}/${name}-${first.event.seq}-${last.event.seq}`;
}

function signature(secret: string, timestamp: string, body: Buffer): string {
  return createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex');
}
