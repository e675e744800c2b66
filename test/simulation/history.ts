import type { Disks } from './disk.js';
import { disturbances, setSinks } from './disturbances.js';
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
  disturbances: readonly Disturbance[];
}

export interface Result {
  problems: string[];
  steps: number;
  trace: readonly string[];
}

const stepsBetweenMax = 60;
/** More would mean that something spins. */
const quietStepsMax = 20_000;
/** Rounds without a new event, in which late ones are found and batches that wait for more are sent. */
const idleRounds = 2;
const roundsMax = 12;
const waitedMs = 150_000;

export function planOf(seed: number, kind: Kind | undefined, sinksLie: boolean): Plan {
  const random = new Random(seed);
  const drawn = random.pick(allKinds);
  const weighted = Object.entries(disturbances).flatMap(([what, { weight }]) => Array<string>(weight).fill(what));
  const count = random.int(3, 25);
  const list = Array.from({ length: count }, () => ({
    what: random.pick(weighted),
    after: random.chance(0.2) ? 0 : random.int(1, stepsBetweenMax),
    seed: random.int(0, 2 ** 31),
  }));
  return { seed, kind: kind ?? drawn, sinksLie, disturbances: list };
}

/** Lives through a history, and then through a quiet time in which everything succeeds. */
export async function live(plan: Plan, disks: Disks): Promise<Result> {
  const random = new Random(plan.seed).fork();
  const disk = disks.make();
  const world = new World(random, disk, plan.kind);
  const { kernel } = world;
  const restore = world.clock.install(random.fork());
  const problems: string[] = [];
  try {
    await disturbed(world, plan, random);
    problems.push(...(await quiet(world, random)));
    if (problems.length === 0) problems.push(...(await problemsOf(world)));
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
  kernel.stepMsMax = random.pick([20, 1_000, 3_000]);
  setSinks(world, random);
  network.fails = random.pick([0, 0.02, 0.1]);
  network.refuses = random.chance(0.5);
  world.storeFails = random.pick([0, 0, 0.01]);
  for (const receiver of receivers) {
    receiver.isMoody = random.chance(0.5);
    receiver.lies = plan.sinksLie;
  }
  for (const { what, after, seed } of plan.disturbances) {
    for (let steps = 0; steps < after && !kernel.isIdle; steps += 1) {
      await kernel.step();
      if (random.chance(world.commandChance)) world.signal(random.pick(['resetCheckpoint', 'clearEvents']));
    }
    kernel.note(`*** ${what}`);
    disturbances[what]!.happen(world, new Random(seed));
  }
}

/** Returns what does not come to rest. */
async function quiet(world: World, random: Random): Promise<string[]> {
  const { kernel, network, receivers, clock, vendor } = world;
  kernel.note('*** everything is well from here on');
  kernel.stepMsMax = 20;
  network.fails = 0;
  world.storeFails = 0;
  vendor.calm();
  for (const receiver of receivers) {
    receiver.isMoody = false;
    receiver.isDown = false;
  }
  if (random.chance(0.5)) setSinks(world, random);
  let idle = 0;
  for (let round = 0; idle < idleRounds && round < roundsMax; round += 1) {
    const { lastSeq, generation } = await world.checkpoint();
    world.collect();
    for (let steps = 0; !(world.temporal.isIdle && kernel.isIdle); steps += 1) {
      if (steps > quietStepsMax) return [`does not come to rest: ${world.temporal.openIds.join(', ')}`];
      await kernel.step();
    }
    clock.advance(Math.max(world.overlapMs, waitedMs) + 1_000);
    const now = await world.checkpoint();
    const isIdle = now.lastSeq === lastSeq && now.generation === generation && world.failure === undefined;
    idle = isIdle ? idle + 1 : 0;
  }
  return [];
}
