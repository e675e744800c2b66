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
    /** Of a superuser of a PostgreSQL server. */
    postgresUrl: string;
  }
}

/** One real Temporal server for all integration tests; each keeps to a task queue of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // The workers under test run the bundle: an old one would not fit the activities.
  build();
  const tell = (line: string) => console.error(line);
  const cli = await temporalCli(process.env, tell);
  const dataDir = mkdtempSync(join(tmpdir(), 'trawl-test-server-'));
  const server = await startDevServer({ cli, dataDir, port: 17_233, uiPort: 18_233, ui: false, tell });
  project.provide('temporalAddress', server.address);
  project.provide('temporalCli', cli);
  const postgres = process.env.TEST_DATABASE_URL ? undefined : await startPostgres();
  project.provide('postgresUrl', postgres?.url ?? process.env.TEST_DATABASE_URL!);
  return async () => {
    await postgres?.remove();
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
}
