import { setTimeout as sleep } from 'node:timers/promises';
import { configuredTemporal, encrypting, localTemporal, type TemporalAddress } from '../temporal/connection.js';
import { type InstanceInfo, runningInstance } from '../temporal/instance.js';
import type { Context } from './context.js';

const instanceStartMaxMs = 60_000;

/**
 * The Temporal server that Temporal's settings name, or that of a running `trawl up`; null if there is neither.
 * @param startMaxMs how long to wait for a server that is being started.
 */
export async function findTemporal(context: Context, startMaxMs = instanceStartMaxMs): Promise<TemporalAddress | null> {
  const { env, dataDir, payloadKeys } = context.settings;
  const configured = configuredTemporal(env);
  if (configured) return encrypting(configured, payloadKeys);
  const instance = await startedInstance(dataDir, startMaxMs);
  return instance?.address ? encrypting(localTemporal(instance.address, instance.clusterId), payloadKeys) : null;
}

/** Waits while a running `trawl up` is still starting its server. */
async function startedInstance(dataDir: string, startMaxMs: number): Promise<InstanceInfo | null> {
  const until = Date.now() + startMaxMs;
  for (;;) {
    const instance = runningInstance(dataDir);
    if (!instance || instance.address || Date.now() >= until) return instance;
    await sleep(100);
  }
}
