import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { build } from '../../scripts/setup.mjs';
import { temporalCli } from '../../src/temporal/cli-binary.js';
import { startDevServer } from '../../src/temporal/dev-server.js';
import { startPostgres } from './postgres.js';

declare module 'vitest' {
  export interface ProvidedContext {
    temporalAddress: string;
    temporalCli: string;
    /** URL of a PostgreSQL server, with a superuser. */
    postgresUrl: string;
  }
}

/**
 * Compiles, and starts one real Temporal server and one PostgreSQL server for all projects of a run; each test keeps to
 * a task queue or namespace, and to a database of its own.
 */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const whole = project.vitest.getRootProject();
  // An earlier project has started them.
  if (whole.getProvidedContext().temporalAddress) return undefined;
  // The workers under test run the bundle: an old one would not fit the activities.
  build();
  const tell = (line: string) => console.error(line);
  const cli = await temporalCli(process.env, tell);
  const dataDir = mkdtempSync(join(tmpdir(), 'trawl-test-server-'));
  const [server, postgres] = await Promise.all([
    startDevServer({ cli, dataDir, port: 17_233, uiPort: 18_233, ui: false, tell }),
    process.env.TEST_DATABASE_URL ? undefined : startPostgres(),
  ]);
  whole.provide('temporalAddress', server.address);
  whole.provide('temporalCli', cli);
  whole.provide('postgresUrl', postgres?.url ?? process.env.TEST_DATABASE_URL!);
  return async () => {
    await postgres?.remove();
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
}
