import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import type { TLSConfig } from '@temporalio/client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { root } from '../../scripts/setup.mjs';
import { readProcessSettings } from '../../src/cli/process-settings.js';
import { configuredTemporal } from '../../src/temporal/connection.js';
import { Certificates } from '../support/certificates.js';
import { blocksOf, blockThatBegins, textOf } from '../support/doc-blocks.js';
import { commands, commandsOf, docs, fateOf, isCommand, linesOf } from '../support/doc-commands.js';

/**
 * The recipes of these pages that are more than commands, by the line that a block begins with, and the file that runs or
 * parses it as it is written there: it names the line. Each new block needs a row.
 */
const here = 'test/unit/recipes.test.ts';
const recipes: Record<string, readonly (readonly [line: string, by: string])[]> = {
  'docs/postgres.md': [
    ['TRAWL_STORE=postgres://trawl:PASSWORD@db.example:5432/trawl', here],
    ['-- One role', 'test/fault/postgres-roles.test.ts'],
    ['-- Roles', 'test/support/postgres-roles.ts'],
    ['-- Grants', 'test/support/postgres-roles.ts'],
    ['postgres://trawl_collector@db.example/security?', 'test/unit/postgres-startup.test.ts'],
    ['pool_mode = session', 'test/fault/postgres-pooler.test.ts'],
    ['-- Dropping a month', 'test/fault/postgres-roles.test.ts'],
  ],
  'docs/temporal.md': [
    ['# Temporal Cloud, by API key', here],
    ['(umask 077 && trawl codec key 2026-a', here],
    ['(umask 077 && openssl rand -hex 32', here],
  ],
  'docs/containers.md': [
    ['(umask 077 && echo "STORE_PASSWORD=', here],
    ['# docker-compose.override.yml', here],
    ['   0.1 s $ docker compose up -d', 'test/unit/try-compose.test.ts'],
    ['# values.yaml', 'test/unit/helm-chart.test.ts'],
  ],
};

const all = docs.flatMap(commandsOf);

describe('each command of the docs', () => {
  it('is run by a test, or has a reason why not', () => {
    expect(all.length).toBeGreaterThan(50);
    expect(all.filter((line) => fateOf(line) === undefined)).toEqual([]);
    const unused = commands.filter(
      ([pattern]) => !all.some((line) => commands.find(([one]) => one.test(line.command))?.[0] === pattern),
    );
    expect(unused).toEqual([]);
    for (const [, fate] of commands)
      for (const [path] of fate.matchAll(/test\/[\w/-]+\.test\.ts/g))
        expect(existsSync(join(root, path)), path).toBe(true);
  });

  it('stands in a block without a language, where it is found', () => {
    const languages = docs.flatMap((page) => blocksOf(page).map(({ language }) => ({ page, language })));
    expect(
      languages.filter(({ language }) => /^(sh|bash|zsh|shell|console|terminal|powershell)/.test(language)),
    ).toEqual([]);
  });

  it('that no engine has run is marked so on its page', () => {
    const engines = [
      [/^docker\b/, 'No container engine has run'],
      [/^(kubectl|helm upgrade)\b/, 'No cluster has run'],
    ] as const;
    const unmarked = engines.flatMap(([program, mark]) =>
      all.filter(({ doc, command }) => program.test(command) && !textOf(doc).includes(mark)),
    );
    expect(unmarked).toEqual([]);
  });
});

describe.each(Object.entries(recipes))('each code block of %s', (page, rows) => {
  const recipeOf = (content: string) => rows.find(([line]) => content.startsWith(line));

  it('is a recipe with a row above, or has commands only', () => {
    const unknown = blocksOf(page)
      .filter(({ content }) => !recipeOf(content))
      .filter(({ language, content }) => language !== '' || !linesOf(content).every(isCommand));
    expect(unknown).toEqual([]);
  });

  it('is named by the file that runs it', () => {
    for (const [line, by] of rows) {
      expect(blocksOf(page).filter(({ content }) => recipeOf(content)?.[0] === line)).toHaveLength(1);
      // Once in the table above, and once where the block is run.
      const named = readFileSync(join(root, by), 'utf8').split(line.replace(/^-- /, '')).length - 1;
      expect(named, `${by}: ${line}`).toBeGreaterThanOrEqual(by === here ? 2 : 1);
    }
  });

  it('is fenced as the test finds it', () => {
    const fences = textOf(page).match(/^[ \t>]*(```|~~~)/gm) ?? [];
    expect(fences).toHaveLength(2 * blocksOf(page).length);
    expect(textOf(page)).not.toMatch(/<(pre|code)\b|\n\n( {4}|\t)\S/);
  });
});

/** The variables of lines such as `NAME=value`. */
const variablesOf = (lines: string[]) =>
  Object.fromEntries(
    lines.map((line) => {
      const [, name, value] = /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(line)!;
      return [name!, value!];
    }),
  );

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'trawl-unit-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

/** Runs lines by bash, with this checkout's `trawl`. */
const shell = (lines: string[], cwd: string) =>
  promisify(execFile)('bash', ['-euo', 'pipefail', '-c', lines.join('\n')], {
    cwd,
    env: { ...process.env, PATH: `${join(root, 'bin')}:${process.env.PATH}` },
  });

const modeOf = (path: string) => statSync(path).mode & 0o777;

describe('docs/postgres.md', () => {
  it('has a store that Trawl takes', () => {
    const lines = linesOf(
      blockThatBegins('docs/postgres.md', 'TRAWL_STORE=postgres://trawl:PASSWORD@db.example:5432/trawl'),
    );
    expect(readProcessSettings('/nowhere', variablesOf(lines)).store).toMatchObject({ kind: 'postgres' });
  });
});

describe('docs/temporal.md', () => {
  it("has settings by which Temporal Cloud and a server of one's own are reached", () => {
    const [cloud, own] = blockThatBegins('docs/temporal.md', '# Temporal Cloud, by API key').split('\n\n');
    expect(configuredTemporal(variablesOf(linesOf(cloud!.replace('…', 'key'))))).toMatchObject({
      namespace: 'audit.a1b2c',
      connection: { address: 'eu-west-1.aws.api.temporal.io:7233', apiKey: 'key', tls: expect.anything() },
    });
    const certificates = new Certificates();
    certificates.authority('ca');
    certificates.certificate('client', 'trawl');
    const lines = linesOf(own!.replaceAll('/etc/trawl', certificates.folder));
    const { namespace, connection } = configuredTemporal(variablesOf(lines))!;
    expect({ namespace, address: connection.address }).toEqual({
      namespace: 'audit',
      address: 'temporal.example:7233',
    });
    const { serverRootCACertificate, clientCertPair } = connection.tls as TLSConfig;
    const read = [serverRootCACertificate, clientCertPair?.crt, clientCertPair?.key].map((each) => Buffer.from(each!));
    expect(read).toEqual(['ca.pem', 'client.pem', 'client.key'].map((name) => readFileSync(certificates.file(name))));
  });

  it('makes keys and a token that only their owner reads, and a codec server that asks for the token', async () => {
    const etc = folder();
    const of = (line: string) =>
      linesOf(blockThatBegins('docs/temporal.md', line)).map((each) => each.replaceAll('/etc/trawl', etc));
    const [makeKeys, keys] = of('(umask 077 && trawl codec key 2026-a');
    const [makeToken, serve] = of('(umask 077 && openssl rand -hex 32');
    await shell([makeKeys!, makeToken!], etc);
    for (const name of ['payload-keys', 'codec-token']) expect(modeOf(join(etc, name))).toBe(0o600);
    expect(readProcessSettings('/nowhere', variablesOf([keys!])).payloadKeys).toBeDefined();
    const line = `export ${keys}\nexec env ${serve} --port 0`;
    const env = { ...process.env, PATH: `${join(root, 'bin')}:${process.env.PATH}` };
    const server = spawn('bash', ['-c', line], { cwd: etc, env, stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(async () => {
      const ended = once(server, 'exit');
      if (server.exitCode === null && server.kill('SIGINT')) await ended;
    });
    const [printed] = await once(server.stdout, 'data');
    const url = String(printed).trim().replace('0.0.0.0', '127.0.0.1');
    const decode = (token: string) =>
      fetch(`${url}/decode`, {
        method: 'POST',
        body: '{"payloads":[]}',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      });
    expect((await decode(readFileSync(join(etc, 'codec-token'), 'utf8').trim())).status).toBe(200);
    expect((await decode('another')).status).toBe(401);
  });
});

describe('docs/containers.md', () => {
  it('makes passwords that only their owner reads, in a .env that Trawl accepts', async () => {
    const place = folder();
    const lines = linesOf(blockThatBegins('docs/containers.md', '(umask 077 && echo "STORE_PASSWORD=')).filter(
      (line) => !isCommand(line),
    );
    await shell(lines, place);
    expect(modeOf(join(place, '.env'))).toBe(0o600);
    const made = variablesOf(readFileSync(join(place, '.env'), 'utf8').trim().split('\n'));
    expect(Object.keys(made)).toEqual(['STORE_PASSWORD', 'TEMPORAL_DB_PASSWORD']);
    for (const password of Object.values(made)) expect(password).toMatch(/^[0-9a-f]{48}$/);
    expect(() => readProcessSettings('/nowhere', made)).not.toThrow();
  });

  it('overrides services and arguments that exist', () => {
    const { services } = parse(blockThatBegins('docs/containers.md', '# docker-compose.override.yml'));
    const compose = parse(textOf('docker-compose.yml'), { merge: true }).services;
    for (const [name, { image, build }] of Object.entries<{ image?: string; build?: { args: object } }>(services)) {
      if (image) expect(compose[name].image).toContain(image.split('@')[0]);
      for (const argument of Object.keys(build?.args ?? {}))
        expect(textOf('Dockerfile')).toMatch(new RegExp(`^ARG ${argument}=`, 'm'));
      expect(Object.keys(compose)).toContain(name);
    }
    const own = Object.entries<{ build?: unknown }>(compose).filter(([, { build }]) => build);
    for (const [name] of own) expect(Object.keys(services)).toContain(name);
  });

  it('creates a secret with the files that the example values name', () => {
    const { config } = parse(textOf('deploy/helm/example-values.yaml'));
    const defaults = parse(textOf('deploy/helm/trawl/values.yaml'));
    const named = Object.entries<string>({ ...defaults.config, ...config }).filter(([name]) => name.endsWith('_FILE'));
    const { command } = all.find(({ command: one }) => /^kubectl .*create secret/.test(one))!;
    const keys = [...command.matchAll(/--from-file=([\w-]+)=/g)].map(([, key]) => key);
    expect(keys.sort()).toEqual(named.map(([, path]) => basename(path)).sort());
    expect(command).toContain(` secret generic ${defaults.secrets[0]} `);
  });
});
