import { defineConfig } from 'vitest/config';

/** CI repeats a failed test that uses servers once: scripts/flaky-reporter.mjs names those that then pass. */
const attempts = process.env.CI ? { retry: 1 } : {};

// What a shell or CI says of its terminal changes what commands print; a test that wants one of these sets it.
for (const name of ['CI', 'COLORTERM', 'FORCE_COLOR', 'NODE_DISABLE_COLORS', 'NO_COLOR', 'TERM_PROGRAM', 'TMUX']) {
  delete process.env[name];
}

/** Tests that need neither Temporal nor PostgreSQL. */
const onNoServer = ['test/*.test.ts', 'test/{unit,demo,replay}/**/*.test.ts'];

/** Nor do these, which try many values, or many histories, and take as long as all the others. */
const manyTried = ['test/{properties,simulation}/**/*.test.ts'];

/** Of the first, those that replace a module, or fill what a whole process shares: other files would notice. */
const mocked = ['test/unit/mocked/*.test.ts'];

/** Tests that go through a store run on each kind of store: above all what is killed, and every command. */
const onEachStore = ['test/{integration,fault,cli}/**/*.test.ts'];

/** But not these, for which it makes no difference. */
const onAnyStore = [
  'test/cli/{adding,anchors,backup,check,docs,encryption,ending,file-modes,first-hour,log,metrics,no-worker}.test.ts',
  'test/cli/{proxy,refusals,same-ports,silence,status,temporal-lost,traces,up,web-pages}.test.ts',
  'test/fault/{dev-server,offload-disk,read-only,restore,secrets,worker-start}.test.ts',
  'test/integration/{believing,cron,descope,empty-pages,failures,fairness,history,links,long-walks,offload,offload-begins}.test.ts',
  'test/integration/{offload-children,recurring,rejected,skyflow,temporal-server}.test.ts',
];

const onPostgres = ['test/{conformance,fault}/postgres*.test.ts'];

export const servers = ['test/support/global-setup.ts'];

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // For two cores, of which a file uses half of one with all that it starts: the rest of the time it waits.
    maxWorkers: 4,
    // Otherwise each file reads the same packages again, which takes two seconds of a processor where it starts a worker.
    isolate: false,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: onNoServer,
          exclude: mocked,
          globalSetup: ['test/support/compiled.ts'],
        },
      },
      {
        extends: true,
        test: { name: 'unit-mocked', include: mocked, isolate: true, globalSetup: ['test/support/compiled.ts'] },
      },
      {
        extends: true,
        test: { name: 'properties', include: manyTried, globalSetup: ['test/support/compiled.ts'] },
      },
      {
        extends: true,
        test: {
          name: 'sqlite',
          include: ['test/**/*.test.ts'],
          exclude: [...onNoServer, ...manyTried, ...onPostgres],
          globalSetup: servers,
          env: { TEST_STORE: 'sqlite' },
          ...attempts,
        },
      },
      {
        extends: true,
        test: {
          name: 'postgres',
          include: [...onEachStore, ...onPostgres],
          exclude: onAnyStore,
          globalSetup: servers,
          env: { TEST_STORE: 'postgres' },
          ...attempts,
        },
      },
    ],
  },
});
