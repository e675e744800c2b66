import type { Disks } from './disk.js';
import { calmDisturbances, disturbances, setSinks } from './disturbances.js';
import { owners } from './kernel.js';
import { quiet } from './quiet.js';
import { Random } from './random.js';
import { problemsOf } from './verdict.js';
import { allKinds, type Kind, World } from './world.js';

interface Disturbance {
  what: string;
  /** It happens after this many further steps, or as soon as there is nothing to do. */
  after: number;
  seed: number;
}

/** What a seed stands for. */
export interface Plan {
  seed: number;
  kind: Kind;
  /** The sinks confirm what they do not keep. */
  sinksLie: boolean;
  /** Nothing fails. So nothing may be done twice, not even what does no harm. */
  isCalm: boolean;
  disturbances: readonly Disturbance[];
}

export interface Result {
  problems: string[];
  steps: number;
  trace: readonly string[];
}

const stepsBetweenMax = 60;

export function planOf(seed: number, kind: Kind | undefined, sinksLie: boolean): Plan {
  const random = new Random(seed);
  const drawn = random.pick(allKinds);
  const isCalm = random.chance(0.15);
  const weighted = Object.entries(disturbances)
    .filter(([what]) => !isCalm || calmDisturbances.includes(what))
    .flatMap(([what, { weight }]) => Array<string>(weight).fill(what));
  const count = random.int(3, 25);
  const list = Array.from({ length: count }, () => ({
    what: random.pick(weighted),
    after: random.chance(0.2) ? 0 : random.int(1, stepsBetweenMax),
    seed: random.int(0, 2 ** 31),
  }));
  return { seed, kind: kind ?? drawn, sinksLie, isCalm, disturbances: list };
}

/** Lives through a history, and then through a quiet time in which everything succeeds. */
export async function live(plan: Plan, disks: Disks): Promise<Result> {
  const random = new Random(plan.seed).fork();
  const disk = disks.make();
  const world = new World(random, disk, plan.kind);
  const { kernel } = world;
  const restore = world.clock.install(random.fork(), () => owners.getStore()?.dead ?? false);
  const problems: string[] = [];
  try {
    await disturbed(world, plan, random);
    problems.push(...(await quiet(world, random)));
    if (problems.length === 0) problems.push(...(await problemsOf(world, plan.isCalm)));
  } catch (error) {
    problems.push(`a fault of the code: ${(error as Error).stack}`);
  } finally {
    restore();
    world.end();
    disk.remove();
  }
  return { problems, steps: kernel.steps, trace: kernel.trace };
}

async function disturbed(world: World, plan: Plan, random: Random): Promise<void> {
  const { kernel, network, vendor, receivers } = world;
  vendor.grow(random.int(0, random.pick([20, 150])));
  setSinks(world, random);
  for (const receiver of receivers) receiver.lies = plan.sinksLie;
  if (!plan.isCalm) {
    kernel.stepMsMax = random.pick([20, 1_000, 3_000]);
    network.fails = random.pick([0, 0.02, 0.1]);
    network.refuses = random.chance(0.5);
    if (random.chance(0.2)) network.faltering = { host: vendor.host, requests: 200 };
    world.storeFails = random.pick([0, 0, 0.01]);
    for (const receiver of receivers) receiver.isMoody = random.chance(0.5);
  }
  for (const { what, after, seed } of plan.disturbances) {
    for (let steps = 0; steps < after && !kernel.isIdle; steps += 1) {
      await kernel.step();
      if (random.chance(0.02)) await world.read();
      if (random.chance(world.commandChance)) world.commands.send(random.pick(['resetCheckpoint', 'clearEvents']));
    }
    kernel.note(`*** ${what}`);
    disturbances[what]!.happen(world, new Random(seed));
  }
}
