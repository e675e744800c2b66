import { all } from './books.js';
import { beginOffloading, command, setSinks } from './disturbances.js';
import type { Random } from './random.js';
import { openClearings, unreadRejects } from './verdict.js';
import type { World } from './world.js';

/** More would mean that something spins. */
const stepsMax = 20_000;
const stepMsMax = 20;
/** Rounds without a new event, in which late ones are found and batches that wait for more are sent. */
const idleRounds = 2;
const roundsMax = 40;
const waitedMs = 150_000;
const minuteMs = 60_000;
const endlessRuns = 3;
/** Time that a slow sink takes for an answer. */
const slowMs = minuteMs;
const slowMinutes = 7;
/** After this time, a sink that is well has what was stored: a batch may wait for two minutes to fill up. */
const dueMinutes = 4;
const readAgainMax = 3;

/** A time in which everything succeeds, until nothing is left to do. Returns what comes too late, or does not end. */
export async function quiet(world: World, random: Random): Promise<string[]> {
  const { kernel, network, receivers, vendor } = world;
  kernel.note('*** everything is well from here on');
  kernel.stepMsMax = stepMsMax;
  network.fails = 0;
  network.faltering = undefined;
  world.storeFails = 0;
  world.commands.forget();
  world.next.clear();
  vendor.calm();
  for (const receiver of receivers) {
    receiver.isMoody = false;
    receiver.isDown = false;
  }
  for (const worker of world.temporal.workers) worker.stopped = false;
  if (world.hasWrongSinks || random.chance(0.5)) setSinks(world, random);
  for (const phase of [
    run,
    endlessPages,
    unreadable,
    falteringSource,
    slowSink,
    brokenOffClearing,
    everythingAgain,
    settle,
    retain,
  ]) {
    const problems = await phase(world, random);
    if (problems.length > 0) return problems;
  }
  return [];
}

/** A run, and whatever follows it. */
async function run(world: World): Promise<string[]> {
  const { kernel, temporal } = world;
  world.collect();
  for (let steps = 0; !(temporal.isIdle && kernel.isIdle); steps += 1) {
    if (steps > stepsMax) return [`does not come to rest: ${temporal.openIds.join(', ')}`];
    await kernel.step();
  }
  return [];
}

/** Each run must end, say that it has not caught up, and write one page. */
async function endlessPages(world: World, random: Random): Promise<string[]> {
  const { vendor, clock, kernel } = world;
  if (!vendor.wander || random.chance(0.8)) return [];
  kernel.note('*** pages have no end');
  vendor.wander();
  for (let nth = 0; nth < endlessRuns; nth += 1) {
    const before = await world.checkpoint();
    const problems = await run(world);
    if (problems.length > 0) return problems;
    if (world.hasCaughtUp) return ['a run has caught up with pages that have no end'];
    const { pages } = await world.checkpoint();
    if (pages - before.pages > 1) return [`a run over empty pages has written ${pages - before.pages} pages`];
    clock.advance(5 * minuteMs);
  }
  vendor.calm();
  return [];
}

/** A run that can read no times or ids must end, too. */
async function unreadable(world: World, random: Random): Promise<string[]> {
  if (random.chance(0.8)) return [];
  world.kernel.note('*** times or ids have another form, and everything is read again');
  world.vendor.mangle();
  world.commands.send('resetCheckpoint');
  const problems = await run(world);
  world.vendor.calm();
  return problems;
}

/** Runs may fail, but none may throw the offset away (verdict.ts). */
async function falteringSource(world: World, random: Random): Promise<string[]> {
  const { network, vendor, kernel, clock } = world;
  if (random.chance(0.7)) return [];
  kernel.note('*** the source falters');
  const problems: string[] = [];
  for (let runs = 3; runs > 0 && problems.length === 0; runs -= 1) {
    network.faltering = { host: vendor.host, requests: 30 };
    vendor.grow(10);
    problems.push(...(await run(world)));
    clock.advance(5 * minuteMs);
  }
  network.faltering = undefined;
  return problems;
}

/** While one sink is slow and has much to do, the others have every event soon after it is stored. */
async function slowSink(world: World, random: Random): Promise<string[]> {
  const { vendor, clock, kernel } = world;
  const [slow, ...others] = await world.currentSinks();
  if (!slow || others.length === 0 || random.chance(0.7)) return [];
  kernel.note(`*** ${slow.name} is slow`);
  slow.slowMs = slowMs;
  vendor.grow(40);
  const stored: number[] = [];
  for (let minute = 0; minute < slowMinutes; minute += 1) {
    world.collect();
    // A run begins it only at its end, which a rate limit may put off.
    beginOffloading(world);
    for (const untilMs = clock.nowMs + minuteMs; clock.nowMs < untilMs; ) await kernel.step();
    stored.push((await world.checkpoint()).lastSeq);
    const dueSeq = stored.at(-1 - dueMinutes) ?? 0;
    for (const sink of others) {
      const has = new Set(sink.delivered().map(({ seq }) => seq));
      const late = (await all(world.store, world.collector)).filter(({ seq }) => seq <= dueSeq && !has.has(seq));
      if (late.length > 0) return [`${sink.name} waits for ${late[0]!.id}, while ${slow.name} is slow`];
    }
    vendor.grow(2);
  }
  slow.slowMs = 0;
  return [];
}

/** The next runs go on with a clearing whose process has died, and whose command was given up. */
async function brokenOffClearing(world: World, random: Random): Promise<string[]> {
  const { kernel, next, temporal } = world;
  if (random.chance(0.7)) return [];
  kernel.note('*** a clearing is broken off');
  const readsAgain = random.chance(0.5);
  // So slow that the run does not come to its end, and reads everything again meanwhile.
  if (readsAgain) kernel.stepMsMax = 3_000;
  const id = command(world, 'clearEvents', { force: true });
  next.set('a part is cleared', (worker) => {
    temporal.terminate(id);
    world.crash(worker);
    if (readsAgain) command(world, 'resetCheckpoint', {});
  });
  const problems: string[] = [];
  for (let runs = 3; runs > 0 && problems.length === 0; runs -= 1) problems.push(...(await run(world)));
  next.clear();
  kernel.stepMsMax = stepMsMax;
  return problems.length > 0 || readsAgain ? problems : openClearings(world);
}

/** What has been altered meanwhile shows when it is read again. */
async function everythingAgain(world: World, random: Random): Promise<string[]> {
  if (random.chance(0.3)) world.vendor.alter();
  if ([...world.vendor.events.values()].every(({ length }) => length === 1)) return [];
  world.commands.send('resetCheckpoint');
  return [];
}

async function settle(world: World): Promise<string[]> {
  const { clock, store } = world;
  let idle = 0;
  let readAgain = 0;
  let unread = '';
  for (let round = 0; idle < idleRounds && round < roundsMax; round += 1) {
    const { lastSeq, generation } = await world.checkpoint();
    const problems = await run(world);
    if (problems.length > 0) return problems;
    clock.advance(Math.max(world.overlapMs, waitedMs) + 1_000);
    const now = await world.checkpoint();
    const isIdle = now.lastSeq === lastSeq && now.generation === generation && world.hasCaughtUp;
    idle = isIdle ? idle + 1 : 0;
    const [standing] = await store.standings(world.collector);
    if (idle < idleRounds || !standing?.unsettled || readAgain === readAgainMax) continue;
    const left = (await unreadRejects(world)).map(({ raw }) => raw).join();
    if (left === '' || left === unread) continue;
    unread = left;
    readAgain += 1;
    idle = 0;
    await world.resetToRejected();
  }
  return [];
}

/** Whatever every sink has is cleared once it is old enough. */
async function retain(world: World): Promise<string[]> {
  const { clock, store, collector } = world;
  const { retainDays } = (await store.settings())[collector] ?? {};
  if (retainDays === undefined) return [];
  clock.advance((Number(retainDays) + 1) * 24 * 60 * minuteMs);
  const problems = await run(world);
  if (problems.length > 0) return problems;
  const names = (await world.currentSinks()).map(({ name }) => `'${name}'`);
  const kept = world.query<{ id: string }>(
    `SELECT e.id FROM audit_events e WHERE seq > (SELECT coalesce(max(up_to_seq), 0) FROM clearings)
     AND seq < (SELECT coalesce(min(p.first_seq), 1e9) FROM audit_pages p JOIN audit_checkpoints c ON c.last_offset = p."offset")
     AND NOT EXISTS (SELECT 1 FROM offload_batches b WHERE b.confirmed_at IS NULL AND b.sink IN (${names})
       AND e.seq BETWEEN b.first_seq AND b.last_seq)`,
  );
  return kept.length > 0 ? [`retention has left ${kept.length} old events, from ${kept[0]!.id} on`] : [];
}
