// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the variables are those of compose files and Dockerfiles.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { durationMs, inOrder, readCompose } from '../../deploy/try-compose/compose.js';
import { settingsOf } from '../../deploy/try-compose/image.js';
import { commandOf } from '../../deploy/try-compose/project.js';
import { commandsOfDocs } from '../../deploy/try-compose/trial.js';
import { interpolate, readEnvFile } from '../../deploy/try-compose/variables.js';
import { root } from '../../scripts/setup.mjs';
import { blockThatBegins, textOf } from '../support/doc-blocks.js';
import { stages } from '../support/dockerfile.js';
import { nodeVersions } from '../support/node-versions.js';

describe('variables of a compose file', () => {
  it.each([
    ['$A ${A}', 'value value'],
    ['${NONE:-other} ${EMPTY:-other} ${EMPTY-other} ${NONE-other} ${A:-other}', 'other other  other value'],
    ['${A:+set} ${EMPTY:+set} ${EMPTY+set} ${NONE+set}', 'set  set '],
    ['${NONE}|${EMPTY}', '|'],
    ['$$A $${A} $$$A', '$A ${A} $value'],
    ['${A:?message} ${EMPTY?message}', 'value '],
  ])('%s', (text, expected) => {
    expect(interpolate(text, { A: 'value', EMPTY: '' })).toBe(expected);
  });

  it('are replaced in all values, and not in keys', () => {
    const file = { $A: ['$A', 1, null, true, { B: '$A' }] };
    expect(interpolate(file, { A: 'value' })).toEqual({ $A: ['value', 1, null, true, { B: 'value' }] });
  });

  it.each([
    ['${NONE:?set it}', 'required variable NONE is missing a value: set it'],
    ['${EMPTY:?set it}', 'required variable EMPTY is missing a value: set it'],
    ['costs 5 $', 'a dollar that begins no variable'],
    ['${A!}', 'a dollar that begins no variable'],
  ])('%s is refused', (text, message) => {
    expect(() => interpolate(text, { EMPTY: '' })).toThrow(message);
  });
});

describe('an .env file', () => {
  it('has names and values', () => {
    expect(readEnvFile('# comment\nA=1\n\nB=\nC=http://host:1/x=y\n')).toEqual({
      A: '1',
      B: '',
      C: 'http://host:1/x=y',
    });
  });

  it.each(['A="1"', 'A=$B', 'A 1', 'export A=1', 'A=1 # one'])('is refused with the line %s', (line) => {
    expect(() => readEnvFile(line)).toThrow('is not NAME=VALUE');
  });
});

it.each([
  ['5s', 5_000],
  ['1m30s', 90_000],
  ['250ms', 250],
  ['1h', 3_600_000],
])('the duration %s has %i ms', (text, ms) => {
  expect(durationMs(text)).toBe(ms);
});

it.each(['5', '', 's', '1.5s', '5 s'])('the duration "%s" is refused', (text) => {
  expect(() => durationMs(text)).toThrow('unknown duration');
});

describe('the order of services', () => {
  const services = (needs: Record<string, string[]>) =>
    Object.fromEntries(
      Object.entries(needs).map(([name, others]) => [
        name,
        { depends_on: Object.fromEntries(others.map((other) => [other, { condition: 'service_started' as const }])) },
      ]),
    );

  it('has each after those that it depends on', () => {
    const order = [...inOrder(services({ a: ['c', 'b'], b: ['d'], c: ['d'], d: [] })).keys()];
    expect(order).toEqual(['d', 'c', 'b', 'a']);
  });

  it('is refused if they depend on each other, or on one that is not started', () => {
    expect(() => inOrder(services({ a: ['b'], b: ['c'], c: ['a'] }))).toThrow('a → b → c → a');
    expect(() => inOrder(services({ a: ['b'] }))).toThrow('a depends on b');
  });
});

describe('docker-compose.yml', () => {
  const text = readFileSync(join(root, 'docker-compose.yml'), 'utf8');
  const variables = { STORE_PASSWORD: 'of the store', TEMPORAL_DB_PASSWORD: 'of Temporal' };

  it('is understood entirely: each service that has no profile, after those that it depends on', () => {
    const services = readCompose(text, variables);
    expect([...services.keys()].sort()).toEqual([
      'postgresql',
      'start',
      'store',
      'temporal',
      'temporal-namespace',
      'temporal-schema',
      'temporal-ui',
      'worker',
    ]);
    expect([...services.keys()].indexOf('temporal')).toBeGreaterThan([...services.keys()].indexOf('temporal-schema'));
    expect(services.get('worker')!.environment.PGPASSWORD).toBe('of the store');
    expect(services.get('temporal')!.environment.POSTGRES_PWD).toBe('of Temporal');
    expect(services.get('temporal-schema')!.command![0]).toContain('[ "$database" = temporal ]');
  });

  it.each(['STORE_PASSWORD', 'TEMPORAL_DB_PASSWORD'])('is refused without %s', (name) => {
    expect(() => readCompose(text, { ...variables, [name]: '' })).toThrow(`required variable ${name}`);
  });

  it('is refused with a key that nothing carries out', () => {
    const changed = text.replace('  read_only: true\n', '  mem_limit: 1g\n');
    expect(changed).not.toBe(text);
    expect(() => readCompose(changed, variables)).toThrow('mem_limit');
  });

  it('has the commands that the docs have run in a container', () => {
    expect(commandsOfDocs().map(({ service, command }) => `${service}: ${command.join(' ')}`)).toEqual([
      'worker: trawl check asa',
      'worker: trawl status',
      'worker: trawl events asa --format ndjson --since 1d',
    ]);
  });
});

describe('the settings of an image', () => {
  it("are those of the Dockerfile's last stage", () => {
    expect(settingsOf(stages().at(-1)!)).toMatchObject({
      user: 'node',
      workingFolder: '/var/lib/trawl',
      environment: { NODE_ENV: 'production', TRAWL_DATA: '/var/lib/trawl' },
      entrypoint: ['trawl'],
      command: ['worker'],
      volumes: ['/var/lib/trawl'],
      links: { '/usr/local/bin/trawl': '/opt/trawl/bin/trawl' },
      healthcheck: { interval: '30s', timeout: '5s', start_period: '60s', retries: 3 },
    });
  });

  it("are read from a vendor's Dockerfile too, with and without defaults of its arguments", () => {
    const folder = mkdtempSync(join(tmpdir(), 'trawl-unit-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'Dockerfile');
    writeFileSync(
      path,
      'ARG TAG\nFROM golang AS build\nRUN make\nFROM alpine:${TAG}\nARG CLOUD="false"\nENV CLOUD=$CLOUD\n' +
        'COPY --chmod=755 \\\n  ./a \\\n  /usr/local/bin/\n\nCMD [ "/entrypoint.sh" ]\n',
    );
    expect(settingsOf(stages(path).at(-1)!)).toMatchObject({
      user: 'root',
      workingFolder: '/',
      environment: { CLOUD: 'false' },
      entrypoint: [],
      command: ['/entrypoint.sh'],
      stopSignal: 'SIGTERM',
    });
  });

  it('give the command, unless the service has one, or an entrypoint', () => {
    const image = { entrypoint: ['trawl'], command: ['worker'] };
    expect(commandOf({}, image)).toEqual(['trawl', 'worker']);
    expect(commandOf({ command: ['start'] }, image)).toEqual(['trawl', 'start']);
    expect(commandOf({ entrypoint: ['sh', '-c'] }, image)).toEqual(['sh', '-c']);
    expect(commandOf({ entrypoint: ['sh', '-c'], command: ['true'] }, image)).toEqual(['sh', '-c', 'true']);
  });
});

describe('docs/containers.md', () => {
  const { services } = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), { merge: true });
  const started = Object.entries<{ image: string; profiles?: string[] }>(services).filter(([, each]) => !each.profiles);

  it('says what stood for each image of docker-compose.yml, in the version of its tag', () => {
    const rows = [...textOf('docs/containers.md').matchAll(/^\| `([\w/-]+):([\w.]+)` +\| (.*)\|$/gm)];
    const images = rows.map(([, name, tag]) => `${name}:${tag}`);
    expect(images.sort()).toEqual([...new Set(started.map(([, { image }]) => image))].sort());
    for (const [, , tag, stand] of rows.filter(([, name]) => name !== 'trawl')) expect(stand).toContain(tag);
    expect(rows.find(([, name]) => name === 'trawl')![3]).toContain(nodeVersions.newest);
  });

  it('shows that every service ran, and that the Schedule collected each event once', () => {
    const printed = blockThatBegins('docs/containers.md', '   0.1 s $ docker compose up -d');
    for (const [name] of started) expect(printed).toMatch(new RegExp(`s ${name}-1 +(running|exited with 0)`));
    expect(printed).toContain('FROM audit_events: 10000,10000,1,10000');
    expect(printed).toContain('Completed  audit-collection-asa-');
  });
});
