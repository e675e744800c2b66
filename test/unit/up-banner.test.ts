import { expect, it, vi } from 'vitest';
import type { RunningDemo } from '../../demo/demo.js';
import { banner } from '../../src/cli/up-banner.js';
import type { DevServer } from '../../src/temporal/dev-server.js';

const facts = {
  cli: '/home/ada/.cache/trawl/temporal-1.5.1',
  server: { address: '127.0.0.1:17233', uiUrl: 'http://127.0.0.1:18233' } as DevServer,
  settings: {
    env: { PATH: '/usr/bin' },
    store: { kind: 'sqlite', name: '/srv/trawl/data/trawl.db', path: '' },
  } as const,
  health: 'http://127.0.0.1:9464',
  names: ['asa', 'descope'],
  cron: '*/5 * * * *',
  demo: undefined,
};
const demo = { baseUrl: 'http://127.0.0.1:44763/v1' } as RunningDemo;

it.each([undefined, demo])('what trawl up prints fits 80 columns, and its command can be pasted', (running) => {
  vi.stubEnv('NO_COLOR', '1');
  const text = banner({ ...facts, demo: running });
  vi.unstubAllEnvs();
  // The command of this process is as long as where the tests are.
  const lines = text.split('\n').filter((line) => !line.includes(process.argv[1]!));
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  expect(text.replaceAll(/ \\\n +/g, ' ')).toContain(
    `${facts.cli} workflow signal --workflow-id audit-collection-asa --name resetCheckpoint --address 127.0.0.1:17233\n`,
  );
  expect(text.includes('init asa')).toBe(running !== undefined);
});
