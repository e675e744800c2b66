import { records, unmappedOf } from '../records.js';
import type { OutgoingBatch, RefusedEvent, Sent, SinkClient } from '../sink.js';
import { type SyslogBounds, sendFrames, syslogBounds } from './connection.js';
import { framed, syslogMessage } from './message.js';
import type { SyslogSettings } from './settings.js';

/** Messages come at least once, as far as the receiver keeps what it has read: syslog confirms nothing. */
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

  async send(batch: OutgoingBatch, signal?: AbortSignal): Promise<Sent> {
    const all = records(batch);
    const { messageBytesMax } = this.#settings;
    const refused: RefusedEvent[] = [];
    const frames: Buffer[] = [];
    for (const outgoing of all) {
      const message = syslogMessage(outgoing, batch, this.#settings);
      const { seq, id } = outgoing.event;
      if (message.byteLength <= messageBytesMax) frames.push(framed(message));
      else refused.push({ seq, id, reason: tooLong(message.byteLength, messageBytesMax) });
    }
    if (frames.length > 0) await this.#send(frames, signal);
    const bytes = frames.reduce((sum, { byteLength }) => sum + byteLength, 0);
    return { objects: [], bytes, unmapped: unmappedOf(all), refused };
  }

  /** A connection without a message. */
  check(signal?: AbortSignal): Promise<void> {
    return this.#send([], signal);
  }

  async close(): Promise<void> {}

  #send(frames: readonly Buffer[], signal: AbortSignal | undefined): Promise<void> {
    return sendFrames(frames, this.#settings, { place: this.place, bounds: this.#bounds, signal });
  }
}

function tooLong(bytes: number, most: number): string {
  return `Its message has ${bytes} bytes, over the ${most} of maxMessageBytes.`;
}
