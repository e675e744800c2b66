import type { TestProject } from 'vitest/node';
import { build } from '../../scripts/setup.mjs';
import { temporalCli } from '../../src/temporal/cli-binary.js';
import { startPostgres } from './postgres.js';
import { startTemporal } from './temporal-server.js';

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
  const cli = await temporalCli(process.env, (line) => console.error(line));
  const [server, postgres] = await Promise.all([
    startTemporal(cli),
    process.env.TEST_DATABASE_URL ? undefined : startPostgres(),
  ]);
  whole.provide('temporalAddress', server.address);
  whole.provide('temporalCli', cli);
  whole.provide('postgresUrl', postgres?.url ?? process.env.TEST_DATABASE_URL!);
  return async () => {
    await postgres?.remove();
    await server.stop();
  };
}
