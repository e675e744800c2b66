import { defineConfig } from 'vitest/config';

/** Tests that need neither Temporal nor PostgreSQL. */
const onNoServer = ['test/*.test.ts', 'test/{unit,demo,replay}/**/*.test.ts'];

/** Tests that go through a store run on each kind of store. */
const onEachStore = ['test/integration/**/*.test.ts', 'test/fault/**/*.test.ts', 'test/cli/**/*.test.ts'];

/** And these have nothing to do with which. */
const onNoStore = [
  'test/cli/backup.test.ts',
  'test/cli/check.test.ts',
  'test/cli/docs.test.ts',
  'test/cli/file-modes.test.ts',
  'test/cli/first-hour.test.ts',
  'test/fault/restore.test.ts',
];

export const servers = ['test/support/global-setup.ts'];

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Two cores: the servers and workers under test need one of them.
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: onNoServer,
          globalSetup: ['test/support/compiled.ts'],
          // Half of the time went into reading the same packages for each file again; the project's own files are.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'sqlite',
          include: ['test/**/*.test.ts'],
          exclude: onNoServer,
          globalSetup: servers,
          env: { TEST_STORE: 'sqlite' },
        },
      },
      {
        extends: true,
        test: {
          name: 'postgres',
          include: onEachStore,
          exclude: onNoStore,
          globalSetup: servers,
          env: { TEST_STORE: 'postgres' },
        },
      },
    ],
  },
});
