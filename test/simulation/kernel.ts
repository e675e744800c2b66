import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from './clock.js';
import type { Random } from './random.js';

/** Somebody who takes steps: an attempt at an activity. */
export interface Owner {
  readonly name: string;
  /** True once its process has died: it takes no further step. */
  readonly dead: boolean;
  /** True while its process is stopped, as by SIGSTOP: it takes its next step later. */
  readonly stopped: boolean;
}

export interface Choice {
  what: string;
  take(): void | Promise<void>;
}

interface Gate extends Choice {
  owner: Owner;
}

/** Who runs the present code. */
export const owners = new AsyncLocalStorage<Owner>();

/**
 * Decides what happens next. Whatever could happen at the same time waits at a gate; each step opens one of them, drawn at
 * random, and lets what follows run up to its next gate. So everything happens in one order, which the seed determines.
 */
export class Kernel {
  readonly clock: Clock;
  readonly random: Random;
  /** What has happened, a line each. */
  readonly trace: string[] = [];
  /** Offers further choices. */
  readonly offers: (() => Choice[])[] = [];
  readonly #gates: Gate[] = [];
  /** Longest time that a step takes. Slow ones make for short rounds, and so for more of them. */
  stepMsMax = 20;
  steps = 0;

  constructor(clock: Clock, random: Random) {
    this.clock = clock;
    this.random = random;
  }

  note(what: string): void {
    this.trace.push(`${this.clock.text} ${what}`);
  }

  /** Waits until the kernel lets the present owner go on; for ever if its process dies first. */
  async gate(what: string): Promise<void> {
    const owner = owners.getStore();
    if (!owner) return;
    await new Promise<void>((take) => this.#gates.push({ owner, what: `${owner.name} ${what}`, take }));
  }

  get isIdle(): boolean {
    return this.#choices().length === 0;
  }

  /** Takes one step. Returns false if nothing is left that could happen. */
  async step(): Promise<boolean> {
    const choices = this.#choices();
    if (choices.length === 0) {
      const { nextMs } = this.clock;
      if (nextMs === undefined) return false;
      this.clock.advance(nextMs - this.clock.nowMs);
    } else {
      const choice = this.random.pick(choices);
      const at = this.#gates.indexOf(choice as Gate);
      if (at !== -1) this.#gates.splice(at, 1);
      this.clock.advance(this.random.int(0, this.stepMsMax));
      this.note(choice.what);
      await choice.take();
    }
    this.steps += 1;
    await settled();
    return true;
  }

  #choices(): Choice[] {
    return [
      ...this.#gates.filter(({ owner }) => !owner.dead && !owner.stopped),
      ...this.offers.flatMap((offer) => offer()),
    ];
  }
}

/** Resolves when everything that could run has run up to a gate, an alarm or its end. */
export async function settled(): Promise<void> {
  // The code itself lets others go first between two steps of its own (src/stores/in-steps.ts).
  for (let turns = 2; turns > 0; turns -= 1) await new Promise((resolve) => setImmediate(resolve));
}
