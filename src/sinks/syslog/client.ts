import { Delivery, type Refusal, type Sendable } from '../delivery.js';
import { type OutgoingRecord, records } from '../records.js';
import type { OnConfirmed, OutgoingBatch, SendResult, SinkClient } from '../sink.js';
import { type SyslogBounds, sendFrames } from './connection.js';
import { framed, syslogMessage } from './message.js';
import type { SyslogSettings } from './settings.js';

const connectMaxMs = 10_000;

/** Limit per connection, since everything sent over a connection that breaks is sent again. */
const connectionBytesMax = 4 * 1024 * 1024;

interface Frame extends Sendable {
  frame: Buffer;
  /** Why the message is not sent; undefined if it is. */
  refusal: Refusal | undefined;
}

/** Delivers at least once, provided that the receiver keeps what it has read: syslog has no confirmations. */
export class SyslogClient implements SinkClient {
  readonly place: string;
  readonly answerMaxMs: number;
  readonly #settings: SyslogSettings;
  readonly #bounds: SyslogBounds;

  constructor(settings: SyslogSettings, bounds: Partial<SyslogBounds> = {}) {
    const { address, port } = settings;
    this.#settings = settings;
    const answerMaxMs = settings.timeoutSeconds * 1_000;
    this.#bounds = { connectMaxMs, silenceMaxMs: answerMaxMs, closeMaxMs: answerMaxMs, ...bounds };
    this.answerMaxMs = this.#bounds.connectMaxMs + this.#bounds.silenceMaxMs + this.#bounds.closeMaxMs;
    this.place = `Syslog at ${address.includes(':') ? `[${address}]` : address}:${port}`;
  }

  async send(batch: OutgoingBatch, signal?: AbortSignal, confirmed?: OnConfirmed): Promise<SendResult> {
    const delivery = new Delivery<Frame>(batch, confirmed);
    const frames = records(batch).map((outgoing) => this.#frame(outgoing, batch));
    await delivery.send(frames, { bytesMax: connectionBytesMax }, async (part) => {
      const sent = part.filter(({ refusal }) => refusal === undefined);
      // A connection for nothing would prove nothing.
      if (sent.length > 0)
        await this.#send(
          sent.map(({ frame }) => frame),
          signal,
        );
      const refused = new Map(part.flatMap((frame) => (frame.refusal ? [[frame, frame.refusal]] : [])));
      return { kind: 'taken', bytes: part.reduce((sum, { bytes }) => sum + bytes, 0), refused };
    });
    return delivery.result();
  }

  /** Opens a connection without sending a message. */
  check(signal?: AbortSignal): Promise<void> {
    return this.#send([], signal);
  }

  async close(): Promise<void> {}

  #frame(outgoing: OutgoingRecord, batch: OutgoingBatch): Frame {
    const message = syslogMessage(outgoing, batch, this.#settings);
    const { maxMessageBytes } = this.#settings;
    if (message.byteLength > maxMessageBytes) {
      const reason = tooLong(message.byteLength, maxMessageBytes);
      return { outgoing, frame: message, bytes: 0, refusal: { reason } };
    }
    const frame = framed(message);
    return { outgoing, frame, bytes: frame.byteLength, refusal: undefined };
  }

  #send(frames: readonly Buffer[], signal: AbortSignal | undefined): Promise<void> {
    return sendFrames(frames, this.#settings, { place: this.place, bounds: this.#bounds, signal });
  }
}

function tooLong(bytes: number, most: number): string {
  return `Its message has ${bytes} bytes, over the limit of ${most} (maxMessageBytes).`;
}
