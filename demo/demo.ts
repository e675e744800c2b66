import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { startDemoAsa } from './asa/server.js';

export interface RunningDemo {
  baseUrl: string;
  /** The settings that a collector of the demo team needs. */
  env: Record<string, string>;
  close(): Promise<void>;
}

/** One new event every few seconds keeps the demo alive. */
const arrivalIntervalMs = 4_000;

const rememberedShape = z.object({ seed: z.int(), anchorMs: z.int() });

/** The demo ASA team of `trawl up`: each start on a data folder makes the same team with the same events. */
export async function startDemo(dataDir: string): Promise<RunningDemo> {
  const remembered = remember(join(dataDir, 'demo-team.json'));
  const demo = await startDemoAsa({ ...remembered, arrivalIntervalMs });
  return {
    baseUrl: demo.baseUrl,
    env: { ASA_TEAM: demo.team, ASA_KEY_ID: demo.keyId, ASA_KEY_SECRET: demo.keySecret, ASA_BASE_URL: demo.baseUrl },
    close: () => demo.close(),
  };
}

function remember(path: string): z.infer<typeof rememberedShape> {
  try {
    return rememberedShape.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    const fresh = { seed: 1, anchorMs: Date.now() };
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, JSON.stringify(fresh));
    return fresh;
  }
}
