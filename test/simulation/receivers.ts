import type { HttpAnswer, HttpRequest } from '../../src/http/client.js';
import { answerOf, type Host } from './network.js';
import type { Random } from './random.js';

export interface Delivered {
  seq: number;
  id: string;
  raw: string;
  /** It came with a repetition. */
  repeats: boolean;
}

interface Line {
  seq: number;
  id: string;
  raw_event: unknown;
}

/** A place that events are offloaded to. */
export interface Receiver extends Host {
  readonly name: string;
  readonly env: Record<string, string>;
  /** What it has in the end, each as often as it has it. */
  delivered(): Delivered[];
  /** Whether it knows an event by its id, and so keeps it once. */
  readonly isById: boolean;
  /** Whether it sometimes refuses, or takes a part. */
  isMoody: boolean;
  /** Whether it takes nothing at all. */
  isDown: boolean;
  slowMs: number;
  /** Whether it sometimes confirms what it does not keep: the simulation must find that. */
  lies: boolean;
  /** What it was sent more than once, as far as it can tell. */
  readonly sentTwice: readonly string[];
}

function deliveredOf({ seq, id, raw_event: raw }: Line, repeats = false): Delivered {
  return { seq, id, raw: JSON.stringify(raw), repeats };
}

/** A webhook that knows a request by its key, and keeps it once. */
export class WebhookReceiver implements Receiver {
  readonly name: string;
  readonly isById = false;
  isMoody = false;
  isDown = false;
  slowMs = 0;
  lies = false;
  readonly sentTwice: string[] = [];
  readonly #random: Random;
  readonly #byKey = new Map<string, Delivered[]>();
  readonly env: Record<string, string>;

  constructor(name: string, random: Random) {
    this.name = name;
    this.#random = random;
    this.env = {
      [`SINK_${name.toUpperCase()}_KIND`]: 'webhook',
      [`SINK_${name.toUpperCase()}_URL`]: `https://${name}.example/in`,
      [`SINK_${name.toUpperCase()}_MAX_EVENTS`]: String(random.int(1, 9)),
      [`SINK_${name.toUpperCase()}_BATCH_EVENTS`]: String(random.int(1, 20)),
      [`SINK_${name.toUpperCase()}_WAIT_MINUTES`]: String(random.pick([0, 0, 2])),
    };
  }

  answer({ headers, body }: HttpRequest): HttpAnswer {
    if (this.isDown) return answerOf(503, '');
    if (this.isMoody && this.#random.chance(0.1)) return answerOf(200, { ok: false });
    if (this.lies && this.#random.chance(0.1)) return answerOf(200, '');
    const { events, batch } = JSON.parse(String(body)) as { events: Line[]; batch: string };
    const repeats = !/^\d/.test(batch);
    const key = headers['idempotency-key']!;
    if (this.#byKey.has(key)) this.sentTwice.push(key);
    this.#byKey.set(
      key,
      events.map((line) => deliveredOf(line, repeats)),
    );
    return answerOf(200, '');
  }

  delivered(): Delivered[] {
    return [...this.#byKey.values()].flat();
  }
}

/** Elasticsearch, which knows a document by its id. */
export class SearchReceiver implements Receiver {
  readonly name: string;
  readonly isById = true;
  isMoody = false;
  isDown = false;
  slowMs = 0;
  lies = false;
  /** It cannot tell a repetition from what was sent twice. */
  readonly sentTwice = [];
  readonly #random: Random;
  readonly #byId = new Map<string, Delivered>();
  readonly env: Record<string, string>;

  constructor(name: string, random: Random) {
    this.name = name;
    this.#random = random;
    this.env = {
      [`SINK_${name.toUpperCase()}_KIND`]: 'elasticsearch',
      [`SINK_${name.toUpperCase()}_URL`]: `https://${name}.example`,
      [`SINK_${name.toUpperCase()}_GZIP`]: 'no',
      [`SINK_${name.toUpperCase()}_MAX_BYTES`]: String(random.pick([1_000, 3_000, 100_000])),
      [`SINK_${name.toUpperCase()}_BATCH_EVENTS`]: String(random.int(1, 20)),
    };
  }

  answer({ body }: HttpRequest): HttpAnswer {
    if (this.isDown) return answerOf(503, '');
    const lines = String(body).trim().split('\n');
    const items: unknown[] = [];
    for (let at = 0; at < lines.length; at += 2) {
      const { index } = JSON.parse(lines[at]!) as { index: { _id: string } };
      const later = this.isMoody && this.#random.chance(0.05);
      const isKept = !later && !(this.lies && this.#random.chance(0.1));
      if (isKept) this.#byId.set(index._id, deliveredOf(JSON.parse(lines[at + 1]!) as Line));
      items.push({
        index: { _id: index._id, status: later ? 429 : 201, ...(later ? { error: { type: 'busy' } } : {}) },
      });
    }
    return answerOf(200, { errors: false, items });
  }

  delivered(): Delivered[] {
    return [...this.#byId.values()];
  }
}
