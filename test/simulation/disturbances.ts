import type { Random } from './random.js';
import type { World } from './world.js';

/** What may happen to a collection at any moment, and how often compared with the others. */
export const disturbances: Record<string, { weight: number; happen(world: World, random: Random): void }> = {
  'events happen': { weight: 12, happen: ({ vendor }, random) => vendor.grow(random.int(1, random.pick([3, 30]))) },
  'a run begins': { weight: 5, happen: (world) => world.collect() },
  'a second run begins': {
    weight: 3,
    happen: (world) => world.byHand('recurringAuditCollection', { historyEventsMax: world.historyEventsMax }),
  },
  'an offloading begins': { weight: 3, happen: (world) => beginOffloading(world) },
  'a second offloading begins': { weight: 2, happen: (world) => world.byHand('offloadEvents', {}) },
  'a repetition begins': {
    weight: 1,
    happen: (world, random) => world.byHand('offloadEvents', { series: random.pick(['again', 'once-more']) }),
  },
  'a repetition begins, and is broken off': {
    weight: 3,
    happen: (world, random) => {
      const id = world.byHand('offloadEvents', { series: `broken-off-${random.int(1, 9)}` });
      world.next.set('a repetition has a batch', (worker) => {
        world.temporal.terminate(id);
        if (random.chance(0.7)) world.crash(worker);
      });
    },
  },
  'commands keep coming': {
    weight: 4,
    happen: (world) => {
      world.commandChance = 0.15;
    },
  },
  'a command comes with a task of a run': {
    weight: 6,
    happen: (world, random) => world.commands.sendAfter(random.int(1, 30)),
  },
  'a reset is asked for': { weight: 2, happen: (world) => world.commands.send('resetCheckpoint') },
  'a clear is asked for': { weight: 2, happen: (world) => world.commands.send('clearEvents') },
  'a clear by force is asked for': {
    weight: 1,
    happen: (world) => world.commands.send('clearEvents', { force: true }),
  },
  'a clear by force and a reset are asked for': {
    weight: 2,
    happen: (world) => {
      world.commands.send('clearEvents', { force: true });
      world.commands.send('resetCheckpoint');
    },
  },
  'a process dies between two parts of a clearing, and everything is read again': {
    weight: 3,
    happen: (world, random) => {
      const id = command(world, 'clearEvents', { force: true });
      const isGivenUp = random.chance(0.5);
      // Whoever goes on with it stops after a while, and leaves the rest to others.
      if (random.chance(0.5)) world.kernel.stepMsMax = 3_000;
      world.next.set('a part is cleared', (worker) => {
        if (isGivenUp) world.temporal.terminate(id);
        world.crash(worker);
        command(world, 'resetCheckpoint', {});
        world.collect();
      });
    },
  },
  'a reset begins': { weight: 1, happen: (world) => void command(world, 'resetCheckpoint', {}) },
  'a clear begins': {
    weight: 1,
    happen: (world, random) => command(world, 'clearEvents', { force: random.chance(0.3) }),
  },
  'a run is cancelled': { weight: 1, happen: ({ temporal, collectionId }) => temporal.cancel(collectionId) },
  'an attempt is given up': {
    weight: 8,
    happen: ({ temporal }, random) => {
      const running = temporal.tasks.filter(({ current }) => current);
      if (running.length === 0) return;
      const task = random.pick(running);
      task.loses(task.current!, 'HEARTBEAT');
    },
  },
  'a worker dies': { weight: 3, happen: (world, random) => world.crash(random.pick(world.temporal.workers)) },
  'a worker stops for a while': {
    weight: 2,
    happen: (world, random) =>
      world.stop(random.pick(world.temporal.workers), random.int(5_000, random.pick([60_000, 7_200_000]))),
  },
  'a worker joins': { weight: 1, happen: (world) => world.temporal.workers.length < 3 && world.addWorker() },
  'the power is cut': { weight: 4, happen: (world, random) => world.cutPower(random) },
  'the source forgets': { weight: 2, happen: ({ vendor }) => vendor.upset() },
  'the source falters': {
    weight: 3,
    happen: ({ network, vendor }, random) => {
      network.faltering = { host: vendor.host, requests: random.int(20, 200) };
    },
  },
  'events are altered': { weight: 3, happen: ({ vendor }) => vendor.alter() },
  'times or ids have another form, or no longer': {
    weight: 4,
    happen: (world, random) => {
      world.vendor.mangle();
      world.vendor.grow(random.int(1, 30));
      world.collect();
    },
  },
  'pages have no end, or one again': { weight: 1, happen: ({ vendor }) => vendor.wander?.() },
  'rows are deleted by hand': { weight: 1, happen: (world, random) => deleteRows(world, random) },
  'the names of the sinks are wrong': { weight: 2, happen: (world) => world.set({ offload: '!!' }, []) },
  'sinks change': { weight: 2, happen: (world, random) => setSinks(world, random) },
  'a sink goes down, or comes back': {
    weight: 3,
    happen: (world, random) => {
      const receiver = random.pick(world.receivers);
      receiver.isDown = !receiver.isDown;
    },
  },
  'an hour or a day passes': {
    weight: 2,
    happen: (world, random) => {
      if (!world.isOld) world.clock.advance(random.pick([1, 7, 30]) * 3_600_000);
    },
  },
  'minutes pass': { weight: 5, happen: ({ clock }, random) => clock.advance(random.int(1, 20) * 60_000) },
};

/** Those after which nothing fails. */
export const calmDisturbances: readonly string[] = [
  'events happen',
  'a run begins',
  'a second run begins',
  'an offloading begins',
  'a second offloading begins',
  'a repetition begins',
  'a worker joins',
];

export function beginOffloading({ temporal, collector, historyEventsMax }: World): void {
  const id = `audit-offload-${collector}`;
  if (!temporal.isOpen(id)) temporal.begin({ type: 'offloadEvents', id, args: [{ collector, historyEventsMax }] });
}

/** If a batch is being sent, a part of it, and everything before. */
function deleteRows(world: World, random: Random): void {
  const [batch] = world.query<{ first: number; last: number }>(
    'SELECT first_seq AS first, last_seq AS last FROM offload_batches WHERE confirmed_at IS NULL LIMIT 1',
  );
  if (batch) world.deleteByHand(random.int(batch.first, batch.last));
}

/** A command as a workflow of its own, which tells whoever began it how it went. */
export function command(world: World, type: 'resetCheckpoint' | 'clearEvents', input: object): string {
  const promised = world.books.promised[type];
  promised.unsure += 1;
  return world.byHand(type, input, ({ error }) => {
    if (error !== undefined) return;
    promised.unsure -= 1;
    promised.accepted += 1;
  });
}

/** Sets where events go, and for how long they are kept. */
export function setSinks(world: World, random: Random): void {
  const receivers = random.chance(0.5) ? random.some(world.receivers) : world.receivers;
  const offload = receivers.map(({ name }) => name).join(',');
  const retains = offload !== '' && random.chance(0.6);
  const rows = { ...(offload ? { offload } : {}), ...(retains ? { retainDays: '1' } : {}) };
  const unset = ['offload', 'retainDays'].filter((name) => !(name in rows));
  world.set(rows, unset);
}
