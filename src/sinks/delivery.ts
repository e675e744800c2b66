import type { RefusedEvent } from '../batch.js';
import { counted } from '../counted.js';
import { TrawlError } from '../errors.js';
import { slow } from './http-answer.js';
import { Confirmations, parts } from './parts.js';
import { type OutgoingRecord, unmappedOf } from './records.js';
import type { OnConfirmed, OutgoingBatch, SendResult } from './sink.js';

/**
 * If a receiver refuses more events than this in a row, and accepts none between them, the fault is the sink's, not the
 * events'. Rows go on from batch to batch (`OutgoingBatch.refusedBefore`).
 */
export const refusedInRowMax = 100;

/** An event in the form in which a sink sends it. */
export interface Sendable {
  readonly outgoing: OutgoingRecord;
  readonly bytes: number;
}

/** Why a receiver does not keep an event. */
export interface Refusal {
  /** The receiver's words, for `refused_events`. */
  reason: string;
  /** The error if all events are refused like this one; undefined if the answer shows that the sink works. */
  error?: TrawlError;
}

/** The receiver has the events of a request, except for those that it refuses one by one. */
export interface Taken<T> {
  kind: 'taken';
  /** Size of the request as sent. */
  bytes: number;
  refused?: ReadonlyMap<T, Refusal>;
  /** True if the sink confirms the events later, by `Delivery.confirm`. */
  open?: boolean;
}

/** The receiver keeps nothing of a request because of its content. */
export interface RequestRefused extends Required<Refusal> {
  kind: 'refused';
  /** True if a smaller request may be accepted. */
  tooLarge: boolean;
  /** The place of the event that the answer blames. */
  index?: number | undefined;
}

/**
 * Sends the events of a batch request by request, in order, so that no event holds up the others. A request whose content
 * is refused is halved, down to the event that is refused alone. Refused events are decided once the receiver accepts
 * another one, or at the end of the batch: if there are too many in a row, none of them counts.
 */
export class Delivery<T extends Sendable> {
  readonly #confirmations: Confirmations;
  readonly #sent: OutgoingRecord[] = [];
  readonly #refused: RefusedEvent[] = [];
  /** Refused since the receiver last accepted an event. */
  #undecided: RefusedEvent[] = [];
  #inRow: number;
  #bytes = 0;
  readonly #lastBeginMs: number;
  #begun = false;
  #outOfTime = false;
  /** True if the sink is known to accept events. */
  #accepts: boolean;
  #lastRefusal: TrawlError | undefined;

  constructor({ events, refusedBefore = 0, isUntried, lastBeginMs }: OutgoingBatch, confirmed?: OnConfirmed) {
    this.#lastBeginMs = lastBeginMs ?? Number.POSITIVE_INFINITY;
    this.#accepts = !isUntried;
    this.#confirmations = new Confirmations(
      events.map(({ seq }) => seq),
      confirmed,
    );
    this.#inRow = refusedBefore;
  }

  /**
   * @param request makes one request, and throws for an answer that is not about the content of the request
   * @throws TrawlError SINK_REFUSED if the receiver refuses too many events in a row
   */
  async send(
    items: readonly T[],
    bounds: { bytesMax: number; eventsMax?: number },
    request: (part: readonly T[]) => Promise<Taken<T> | RequestRefused>,
  ): Promise<void> {
    this.#sent.push(...items.map(({ outgoing }) => outgoing));
    let { bytesMax } = bounds;
    const left: (readonly T[])[] = parts(items, bounds).reverse();
    for (let part = left.pop(); part; part = left.pop()) {
      const bytes = part.reduce((sum, item) => sum + item.bytes, 0);
      if (part.length > 1 && bytes > bytesMax) {
        left.push(...parts(part, { bytesMax }).reverse());
        continue;
      }
      // Another request could be broken off at the end of the time, and would then be there twice.
      this.#outOfTime ||= this.#begun && Date.now() > this.#lastBeginMs;
      if (this.#outOfTime) return;
      this.#begun = true;
      const outcome = await request(part);
      if (outcome.kind === 'taken') await this.#take(part, outcome);
      else if (part.length === 1) {
        const broken = this.#refuse(part[0]!, outcome);
        if (broken) throw broken;
      } else if (outcome.tooLarge) {
        bytesMax = bytes / 2;
        left.push(part);
      } else left.push(...around(part, outcome.index).reverse());
    }
  }

  /** Confirms events of a request that was taken with `open`. */
  confirm(part: readonly T[], bytes: number): Promise<void> {
    return this.#confirmations.add(
      part.map(({ outgoing }) => outgoing.event.seq),
      bytes,
      [],
    );
  }

  /**
   * Call it once everything is sent and confirmed.
   * @throws TrawlError SINK_SLOW if there was no time for all of it; SINK_REFUSED if an untried sink accepts none of it
   */
  async result(): Promise<SendResult> {
    if (this.#outOfTime) throw slow('The sink takes so long that there was no time for the whole batch.');
    const count = this.#undecided.length;
    if (!this.#accepts && this.#lastRefusal && count > 1)
      throw brokenSink(
        this.#lastRefusal,
        `It has refused each of ${counted(count, 'event')}, and has not accepted any yet`,
      );
    const last = this.#decide();
    await this.#confirmations.add(
      last.map(({ seq }) => seq),
      0,
      last,
    );
    const refused = this.#refused.sort((a, b) => a.seq - b.seq);
    return { objects: [], bytes: this.#bytes, unmapped: unmappedOf(this.#sent), refused };
  }

  /** Notes what the receiver has, even if the same answer shows that it refuses too much. */
  async #take(part: readonly T[], { bytes, refused = new Map(), open = false }: Taken<T>): Promise<void> {
    const accepted: number[] = [];
    const decided: RefusedEvent[] = [];
    let broken: TrawlError | undefined;
    for (const item of part) {
      const refusal = refused.get(item);
      if (refusal?.error) broken ??= this.#refuse(item, refusal);
      else {
        if (refusal) this.#undecided.push(refusedEvent(item, refusal.reason));
        else accepted.push(item.outgoing.event.seq);
        this.#inRow = 0;
        this.#accepts = true;
        if (!broken) decided.push(...this.#decide());
      }
    }
    this.#bytes += bytes;
    const seqs = [...(open ? [] : accepted), ...decided.map(({ seq }) => seq)];
    await this.#confirmations.add(seqs, open ? 0 : bytes, decided);
    if (broken) throw broken;
  }

  /** @returns the error if these are too many in a row */
  #refuse(item: T, { reason, error }: Refusal): TrawlError | undefined {
    this.#undecided.push(refusedEvent(item, reason));
    this.#inRow += 1;
    this.#lastRefusal = error;
    if (!error || this.#inRow <= refusedInRowMax) return undefined;
    return brokenSink(error, `It has refused more than ${refusedInRowMax} events in a row`);
  }

  #decide(): RefusedEvent[] {
    const decided = this.#undecided;
    this.#undecided = [];
    this.#refused.push(...decided);
    return decided;
  }
}

function refusedEvent({ outgoing: { event } }: Sendable, reason: string): RefusedEvent {
  return { seq: event.seq, id: event.id, reason };
}

/** The event that an answer blames is sent alone; without one, the halves of the request are. */
function around<T>(part: readonly T[], index: number | undefined): (readonly T[])[] {
  const middle = Math.ceil(part.length / 2);
  const pieces =
    index === undefined || !(index in part)
      ? [part.slice(0, middle), part.slice(middle)]
      : [part.slice(0, index), part.slice(index, index + 1), part.slice(index + 1)];
  return pieces.filter(({ length }) => length > 0);
}

function brokenSink({ message, hint }: TrawlError, why: string): TrawlError {
  return new TrawlError('SINK_REFUSED', `${message} ${why}, so the fault is there, not in the events.`, {
    hint: `${hint} Then the next run sends them again; those in refused_events need "trawl offload --since".`,
  });
}
