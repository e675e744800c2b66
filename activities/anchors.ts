import { log } from '@temporalio/activity';
import { type AnchorPlace, anchorHead, foundFork } from '../src/anchoring/anchor.js';
import { reasonOf, TrawlError } from '../src/errors.js';
import type { SinkClient } from '../src/sinks/sink.js';
import type { Store } from '../src/stores/store.js';
import type { Collectors } from './collectors.js';
import type { Sinks } from './sinks.js';

/** A sink that does not answer is asked again after this time. Nothing is signed meanwhile; collecting goes on. */
const askAgainMs = 60_000;
const answerMaxMs = 5_000;

/**
 * Keeps a worker from signing heads of a collector before each of its sinks has said that it has none that the store lacks.
 * A store that was set back would otherwise sign a second history.
 */
export class SigningGate {
  readonly #store: Store;
  readonly #collectors: Collectors;
  readonly #sinks: Sinks;
  /** Collectors that were cleared to sign, and when the others were last asked for; epoch ms. */
  readonly #asked = new Map<string, number>();

  constructor(store: Store, collectors: Collectors, sinks: Sinks) {
    this.#store = store;
    this.#collectors = collectors;
    this.#sinks = sinks;
  }

  /** Must be called before anything of a collector is written. */
  async ask(collector: string): Promise<void> {
    const { anchors } = this.#store;
    if (!anchors.signs || Date.now() < (this.#asked.get(collector) ?? 0)) return;
    anchors.allowSigning(collector, false);
    this.#asked.set(collector, Date.now() + askAgainMs);
    try {
      for (const place of await this.#places(collector))
        await foundFork(this.#store, place, AbortSignal.timeout(answerMaxMs));
    } catch (error) {
      log.warn('Nothing is signed until this sink says which heads it has', { collector, reason: reasonOf(error) });
      return;
    }
    this.#asked.set(collector, Number.POSITIVE_INFINITY);
    anchors.allowSigning(collector, true);
  }

  async #places(collector: string): Promise<AnchorPlace[]> {
    const { offload = [] } = await this.#collectors.offloading(collector);
    const places: AnchorPlace[] = [];
    for (const sink of offload) {
      const place = anchorPlace(collector, sink, (await this.#sinks.open(sink)).client);
      if (place) places.push(place);
    }
    return places;
  }
}

/** Keeps the newest head at a sink that writes files. A fork is noted in the store, and is no failure of the sink. */
export async function anchorAt(
  store: Store,
  { collector, sink, client }: { collector: string; sink: string; client: SinkClient },
  signal: AbortSignal,
): Promise<void> {
  const place = anchorPlace(collector, sink, client);
  if (!place) return;
  try {
    await anchorHead(store, place, signal);
  } catch (error) {
    if (error instanceof RangeError) {
      // The execution log says that the proof has stopped; events go on to their sinks.
      log.warn('No head is kept: hashes of the proof are missing', { collector, sink });
      return;
    }
    if (!(error instanceof TrawlError)) throw error;
    throw new TrawlError(error.code, `The events are there, but the head of their proof is not: ${error.message}`, {
      hint: error.hint,
      cause: error,
    });
  }
}

function anchorPlace(collector: string, sink: string, { proofFolder: folder }: SinkClient): AnchorPlace | undefined {
  return folder && { collector, place: `sink:${sink}`, folder };
}
