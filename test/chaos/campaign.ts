import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../../demo/random.js';
import { commandLines, differences } from './compare.js';
import { type Disturbance, disturbances, type SentCommands } from './disturbances.js';
import { collectors, Scene, type SceneOptions } from './scene.js';

/** A scene that has become quiet must be complete within this time: retries wait up to a minute. */
const settleMaxMs = 240_000;

/** Rounds of disturbances; after each the store is compared with what the sources hold, event for event. */
export class Campaign {
  readonly #scene: Scene;
  readonly #seed: number;
  readonly #tell: (line: string) => void;
  readonly #sent = Object.fromEntries(
    collectors.map((name) => [
      name,
      { resetCheckpoint: { sure: 0, perhaps: 0 }, clearEvents: { sure: 0, perhaps: 0 } },
    ]),
  ) as SentCommands;

  private constructor(scene: Scene, { seed, tell }: SceneOptions) {
    this.#scene = scene;
    this.#seed = seed;
    this.#tell = tell;
  }

  static async start(options: SceneOptions): Promise<Campaign> {
    const scene = await Scene.start(options);
    if (!scene.disk.small) options.tell('No file system can be mounted here: the disk stays as it is.');
    return new Campaign(scene, options);
  }

  stop(): Promise<void> {
    return this.#scene.stop();
  }

  /**
   * @param chosen the disturbances of this round, in order; by default some at random.
   * @throws Error with the differences, the seed and what happened.
   */
  async round(number: number, chosen?: readonly Disturbance[]): Promise<void> {
    const random = new Random(this.#seed, number, 0xc4a0);
    const happened: string[] = [];
    const startedAt = Date.now();
    const note = (what: string) => {
      const line = `round ${number}, ${((Date.now() - startedAt) / 1000).toFixed(1)} s: ${what}`;
      happened.push(line);
      this.#tell(line);
    };
    try {
      this.#newEvents(random);
      await this.#disturb(random, note, chosen);
      await this.#calm();
      note('quiet');
      await this.#settle();
      note('complete');
    } catch (error) {
      const output = this.#scene.output.split('\n').slice(-60).join('\n');
      throw new Error(
        `${(error as Error).message}\n\nSeed ${this.#seed}, round ${number}. To repeat it: CHAOS_SEED=${this.#seed} CHAOS_ROUNDS=${number} npm run chaos\n\n${happened.join('\n')}\n\nThe workers' last lines:\n${output}`,
        { cause: error },
      );
    }
  }

  /** Some of Descope's events are late already, and some will be. */
  #newEvents(random: Random): void {
    const { asa, descope, skyflow } = this.#scene.demos;
    asa.addEvents(200 + random.below(1_500));
    skyflow.addEvents(50 + random.below(400));
    const now = Date.now();
    for (let count = 50 + random.below(150); count > 0; count -= 1) {
      const occurred = now - random.below(60_000);
      const [copies, id] = [random.chance(0.1) ? 2 : 1, random.chance(0.7)];
      descope.log.add(occurred, { visibleMs: now + random.below(10_000), id, copies: id ? 1 : copies });
    }
  }

  async #disturb(random: Random, note: (what: string) => void, chosen?: readonly Disturbance[]): Promise<void> {
    const list = chosen ?? Array.from({ length: 2 + random.below(5) }, () => random.pick(disturbances));
    for (const disturbance of list) {
      await sleep(random.below(2_000));
      note(disturbance.name);
      await disturbance.run(this.#scene, random, this.#sent);
      // Some disturbances follow each other at once.
      await sleep(random.chance(0.3) ? 0 : random.below(2_500));
    }
  }

  async #calm(): Promise<void> {
    const { demos } = this.#scene;
    for (const demo of Object.values(demos)) demo.faults.clear();
    this.#scene.moveClock(0);
    // Descope's late events are visible by then.
    const now = Date.now();
    const last = Math.max(now, ...demos.descope.log.pending(now));
    await sleep(last - now);
  }

  async #settle(): Promise<void> {
    const until = Date.now() + settleMaxMs;
    for (;;) {
      const wrong = [
        ...(await differences(this.#scene)).map((one) => JSON.stringify(one, null, 2)),
        ...(await this.#commands()),
      ];
      if (wrong.length === 0) return;
      if (Date.now() > until)
        throw new Error(`Still incomplete ${settleMaxMs / 1000} s after the last disturbance:\n${wrong.join('\n')}`);
      await sleep(500);
    }
  }

  /** Each command has exactly one line in the execution log. */
  async #commands(): Promise<string[]> {
    const lines = await commandLines(this.#scene);
    return collectors.flatMap((collector) =>
      (['resetCheckpoint', 'clearEvents'] as const).flatMap((name) => {
        const { sure, perhaps } = this.#sent[collector][name];
        const found = lines[collector][name];
        if (found >= sure && found <= sure + perhaps) return [];
        return `${collector}: ${name} was sent ${sure} times${perhaps > 0 ? ` (and perhaps ${perhaps} more)` : ''}, and carried out ${found} times`;
      }),
    );
  }
}
