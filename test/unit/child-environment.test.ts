import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { outputOf } from '../../src/processes.js';
import { choosePlaces, launchServer, serverFiles } from '../../src/temporal/dev-server-process.js';

const secrets = {
  ASA_KEY_SECRET: 'a',
  A_NAME_OF_THE_USERS_OWN: 'b',
  AWS_SECRET_ACCESS_KEY: 'c',
  GOOGLE_API_KEY: 'd',
  HTTPS_PROXY: 'http://user:password@proxy:8080',
  LC_SECRET: 'e',
  NODE_OPTIONS: '--no-warnings',
  OTEL_EXPORTER_OTLP_HEADERS: 'authorization=f',
  PGPASSWORD: 'g',
  TEMPORAL_API_KEY: 'h',
  TRAWL_PAYLOAD_KEYS: 'i',
  TRAWL_STORE: 'postgres://trawl:j@store/trawl',
};

function withSecrets(): void {
  for (const [name, value] of Object.entries({ ...secrets, TZ: 'Europe/Vienna' })) vi.stubEnv(name, value);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'trawl-child-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

/** The names of the secrets in what `env` prints. Fails if what every program needs is missing. */
function secretsIn(printed: string): string[] {
  const names = printed.split('\n').map((line) => line.split('=')[0]!);
  expect(names).toEqual(expect.arrayContaining(['PATH', 'HOME', 'TZ']));
  return names.filter((name) => name in secrets);
}

it('a program gets no secret of this process', () => {
  withSecrets();
  expect(secretsIn(outputOf('env', []))).toEqual([]);
});

it('the embedded Temporal server gets no secret, but the tuning of its runtime', async () => {
  withSecrets();
  vi.stubEnv('GOMEMLIMIT', '200MiB');
  const place = folder();
  const cli = join(place, 'temporal');
  writeFileSync(cli, '#!/bin/sh\nenv\n', { mode: 0o755 });
  const files = serverFiles(place);
  await once(launchServer(cli, files, await choosePlaces(false)).child, 'exit');
  const printed = readFileSync(files.log, 'utf8');
  expect(secretsIn(printed)).toEqual([]);
  expect(printed).toContain('GOMEMLIMIT=200MiB');
});
