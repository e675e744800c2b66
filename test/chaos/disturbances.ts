import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault, FaultPlan } from '../../demo/faults.js';
import type { Random } from '../../demo/random.js';
import { DatabaseSync } from '../../src/sqlite-driver.js';
import { startNow } from '../../src/temporal/collection.js';
import { type Collector, collectors, type Scene } from './scene.js';

/** Commands that were certainly sent, and those that perhaps were because the server died during the call. */
export interface Sent {
  sure: number;
  perhaps: number;
}

export type SentCommands = Record<Collector, Record<'resetCheckpoint' | 'clearEvents', Sent>>;

export interface Disturbance {
  name: string;
  run(scene: Scene, random: Random, sent: SentCommands): Promise<void>;
}

const between = (random: Random, min: number, max: number): number => min + random.below(max - min + 1);

/** Faults that a client can detect in an answer. With any other fault, the source itself loses events. */
function anyFault(random: Random): Fault {
  const statuses = [401, 403, 408, 429, 499, 500, 502, 503, 504];
  const kinds = ['html', 'truncated', 'reset', 'reset-before', 'stall', 'empty', 'null-list', 'wrong-content-type'];
  const times = between(random, 1, 3);
  const target = random.pick(['audits', 'audits', 'any'] as const);
  if (random.chance(0.5)) {
    const status = random.pick(statuses);
    const headers = random.chance(0.5) ? { retryAfter: between(random, 0, 2) } : { rateLimitHeaders: false };
    return { kind: 'status', status, times, target, ...(status === 429 ? headers : {}) };
  }
  const kind = random.pick(kinds) as Fault['kind'];
  return { kind, times, target, ...(kind === 'stall' ? { ms: between(random, 50, 3_000) } : {}) };
}

const faultPlans = ({ demos }: Scene): FaultPlan[] => [demos.asa.faults, demos.descope.faults, demos.skyflow.faults];

async function send(
  scene: Scene,
  sent: SentCommands,
  collector: Collector,
  name: 'resetCheckpoint' | 'clearEvents',
): Promise<void> {
  for (;;) {
    try {
      await scene.signal(collector, name);
      sent[collector][name].sure += 1;
      return;
    } catch {
      // The server may have accepted it before it died.
      sent[collector][name].perhaps += 1;
      await sleep(300);
    }
  }
}

/** Always undoes the disturbance at the end, since a campaign continues from a quiet scene. */
export const disturbances: readonly Disturbance[] = [
  {
    name: 'the worker is killed',
    async run(scene, random) {
      await scene.killWorker('SIGKILL');
      await sleep(between(random, 0, 1_500));
      scene.startWorker();
    },
  },
  {
    name: 'the worker gets a signal to end, and drains',
    async run(scene) {
      await scene.drainWorker();
      scene.startWorker();
    },
  },
  { name: 'the Temporal server is killed', run: (scene) => scene.killServer() },
  {
    name: 'the worker and the Temporal server are killed',
    async run(scene, random) {
      await Promise.all([scene.killWorker('SIGKILL'), scene.killServer()]);
      await sleep(between(random, 0, 1_000));
      scene.startWorker();
    },
  },
  {
    name: 'answers are faulty',
    async run(scene, random) {
      const plan = random.pick(faultPlans(scene));
      for (let count = between(random, 1, 4); count > 0; count -= 1) plan.add(anyFault(random));
    },
  },
  {
    name: 'answers of all sources are faulty, again and again',
    async run(scene, random) {
      for (const plan of faultPlans(scene)) plan.add({ ...anyFault(random), times: 8, every: between(random, 2, 5) });
    },
  },
  {
    name: 'all tokens expire',
    async run({ demos }) {
      demos.asa.expireTokens();
      demos.skyflow.signIn.expireTokens();
    },
  },
  {
    name: 'the keys are revoked for a while',
    async run({ demos }, random) {
      demos.asa.expireTokens();
      demos.asa.revokeKey();
      demos.descope.revokeKey();
      demos.skyflow.signIn.expireTokens();
      demos.skyflow.signIn.accountRevoked = true;
      await sleep(between(random, 500, 4_000));
      demos.asa.restoreKey();
      demos.descope.restoreKey();
      demos.skyflow.signIn.accountRevoked = false;
    },
  },
  {
    name: 'another program holds the database',
    async run(scene, random) {
      const db = new DatabaseSync(scene.storePath, { timeout: 5_000 });
      try {
        db.exec('BEGIN IMMEDIATE');
        await sleep(between(random, 500, 6_000));
        db.exec('ROLLBACK');
      } catch {
        // The worker was faster, or the disk is disturbed: then there is nothing to hold.
      } finally {
        db.close();
      }
    },
  },
  {
    name: 'the disk is full',
    async run({ disk }, random) {
      if (!disk.small) return;
      disk.fill();
      await sleep(between(random, 500, 4_000));
      disk.clear();
    },
  },
  {
    name: 'the disk is read-only when the worker restarts',
    async run(scene, random) {
      if (!scene.disk.small) return;
      await scene.killWorker('SIGKILL');
      const readOnly = scene.disk.setReadOnly(true);
      scene.startWorker();
      await sleep(between(random, 1_000, 4_000));
      if (readOnly) scene.disk.setReadOnly(false);
    },
  },
  {
    name: 'the checkpoint is reset',
    run: (scene, random, sent) => send(scene, sent, random.pick(collectors), 'resetCheckpoint'),
  },
  {
    name: 'the events are cleared and the checkpoint is reset',
    async run(scene, random, sent) {
      const collector = random.pick(collectors);
      await send(scene, sent, collector, 'clearEvents');
      await send(scene, sent, collector, 'resetCheckpoint');
    },
  },
  {
    name: 'a second walker of each collector',
    async run(scene) {
      for (const collector of collectors) await startNow(scene.client, collector).catch(() => undefined);
    },
  },
  {
    name: 'the clock jumps',
    async run(scene, random) {
      scene.moveClock((random.chance(0.5) ? 1 : -1) * between(random, 1_000, 20 * 60_000));
      await sleep(between(random, 500, 5_000));
      scene.moveClock(0);
    },
  },
];
