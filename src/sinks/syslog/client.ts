import type { RefusedEvent } from '../../batch.js';
import { Confirmations, parts } from '../parts.js';
import { records, unmappedOf } from '../records.js';
import type { OnConfirmed, OutgoingBatch, SendResult, SinkClient } from '../sink.js';
import { type SyslogBounds, sendFrames, syslogBounds } from './connection.js';
import { framed, syslogMessage } from './message.js';
import type { SyslogSettings } from './settings.js';

/** Limit per connection, since everything sent over a connection that breaks is sent again. */
const connectionBytesMax = 4 * 1024 * 1024;

interface Frame {
  seq: number;
  bytes: number;
  frame: Buffer;
}

/** Delivers at least once, provided that the receiver keeps what it has read: syslog has no confirmations. */
export class SyslogClient implements SinkClient {
  readonly place: string;
  readonly #settings: SyslogSettings;
  readonly #bounds: SyslogBounds;

  constructor(settings: SyslogSettings, bounds: Partial<SyslogBounds> = {}) {
    const { address, port } = settings;
    this.#settings = settings;
    this.#bounds = { ...syslogBounds, ...bounds };
    this.place = `Syslog at ${address.includes(':') ? `[${address}]` : address}:${port}`;
  }

  async send(batch: OutgoingBatch, signal?: AbortSignal, confirmed?: OnConfirmed): Promise<SendResult> {
    const all = records(batch);
    const { maxMessageBytes: messageBytesMax } = this.#settings;
    const refused: RefusedEvent[] = [];
    const frames: Frame[] = [];
    const seqs = batch.events.map(({ seq }) => seq);
    const confirmations = new Confirmations(seqs, confirmed);
    for (const outgoing of all) {
      const message = syslogMessage(outgoing, batch, this.#settings);
      const { seq, id } = outgoing.event;
      if (message.byteLength <= messageBytesMax) {
        const frame = framed(message);
        frames.push({ seq, bytes: frame.byteLength, frame });
      } else refused.push({ seq, id, reason: tooLong(message.byteLength, messageBytesMax) });
    }
    await confirmations.add(
      refused.map(({ seq }) => seq),
      0,
      refused,
    );
    for (const part of parts(frames, { bytesMax: connectionBytesMax })) {
      await this.#send(
        part.map(({ frame }) => frame),
        signal,
      );
      const bytes = part.reduce((sum, frame) => sum + frame.bytes, 0);
      await confirmations.add(
        part.map(({ seq }) => seq),
        bytes,
        [],
      );
    }
    const bytes = frames.reduce((sum, frame) => sum + frame.bytes, 0);
    return { objects: [], bytes, unmapped: unmappedOf(all), refused };
  }

  /** Opens a connection without sending a message. */
  check(signal?: AbortSignal): Promise<void> {
    return this.#send([], signal);
  }

  async close(): Promise<void> {}

  #send(frames: readonly Buffer[], signal: AbortSignal | undefined): Promise<void> {
    return sendFrames(frames, this.#settings, { place: this.place, bounds: this.#bounds, signal });
  }
}

function tooLong(bytes: number, most: number): string {
  return `Its message has ${bytes} bytes, over the limit of ${most} (maxMessageBytes).`;
}
