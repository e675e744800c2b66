import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { promisify } from 'node:util';
import { DatabaseSync } from '@photostructure/sqlite';
import { describe, expect, inject, it } from 'vitest';
import { root } from '../../scripts/setup.mjs';
import { Place } from '../support/cli.js';
import { until } from '../support/collection.js';
import { blocksOf } from '../support/doc-blocks.js';
import { jqInto, linkInto } from '../support/jq.js';

/**
 * The treatment of each command in the docs. `runs`: it runs here, in the order of the docs, beside a `trawl up`.
 * `settings`: it runs here in a place of its own. Otherwise: the test that runs it, or the reason why none can. Each
 * new command needs a row.
 */
const commands: readonly (readonly [command: RegExp, fate: string])[] = [
  [/^npm (start|test)\b/, 'test/cli/up.test.ts'],
  [/^(bin\/)?trawl init\b/, 'test/cli/first-hour.test.ts'],
  [/^(bin\/)?trawl (status|events|log)\b/, 'runs'],
  [/^trawl env set .*acme.*tokenFile=\/run\/secrets\/acme$/, 'test/cli/adding.test.ts'],
  [/^(bin\/)?trawl env set\b/, 'settings'],
  [/^trawl check asa$/, 'test/cli/adding.test.ts'],
  [/^trawl codec key\b/, 'settings'],
  [/^TRAWL_CODEC_TOKEN_FILE=\S+ trawl codec serve\b/, 'test/unit/codec.test.ts'],
  [/^trawl offload asa$/, 'test/integration/offload.test.ts'],
  [/^temporal workflow\b/, 'test/cli/up.test.ts'],
  [/^temporal schedule create\b/, 'runs'],
  [/^trawl store backup\b/, 'runs'],
  [/^trawl store restore\b/, 'test/cli/backup.test.ts'],
  [/^trawl store copy\b/, 'test/integration/store-copy.test.ts'],
  [/^trawl (start|stop)\b/, 'test/cli/no-worker.test.ts'],
  [/^trawl worker\b.*jq\b/, 'test/cli/log.test.ts'],
  [/^OTEL_\S+ trawl worker$/, 'test/cli/traces.test.ts'],
  [/^curl .*\/metrics$/, 'runs'],
  [/^curl .*_index_template/, 'test/sinks/opensearch.test.ts'],
  [/^node scripts\/plan\.mjs\b/, 'runs'],
  [/^(npm (init|install)|npx trawl|mkdir trawl|tar |cp trawl\/|trawl\/bin\/trawl)/, 'test/package/package.test.ts'],
  [/^npm run (licences|sbom)$/, 'test/unit/licences.test.ts'],
  [/^npm audit\b/, 'asks a registry for what is known by then'],
  [/^(BENCH_\S+ )*npm run bench\b/, 'takes minutes to hours; its parts are tested by test/unit/bench.test.ts'],
  [/^pg_(dump|restore)\b/, 'they must be of the version of the server, which the tests bring without them'],
  [/^docker\b/, 'needs a container engine; test/unit/deploy.test.ts reads what it is given'],
  [/^kubectl\b/, 'needs a cluster; test/unit/kubernetes.test.ts reads what it is given'],
  [/^helm lint\b/, 'test/unit/kubernetes.test.ts'],
  [/^helm upgrade\b/, 'needs a cluster; test/unit/kubernetes.test.ts renders the chart'],
  [/^(systemctl|journalctl)\b/, 'needs systemd as the first process; test/unit/deploy.test.ts has it verify the unit'],
];

interface Line {
  doc: string;
  command: string;
}

const docs = [
  'README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`)
    .sort(),
];
const textOf = (doc: string) => readFileSync(join(root, doc), 'utf8');

const blocks = (doc: string, language: string) =>
  blocksOf(doc).flatMap((block) => (block.language === language ? [block.content] : []));

const programs =
  /^([A-Z][A-Z0-9_]*=\S* )*((bin\/)?trawl|npm|npx|temporal|jq|curl|docker|kubectl|node|mkdir|tar|cp|pg_\w+|helm|systemctl|journalctl|trawl\/bin\/trawl)\b/;

/** The commands of a page: lines of code blocks without a language, with continuations joined and comments removed. */
function commandsOf(doc: string): Line[] {
  return blocks(doc, '').flatMap((block) =>
    block
      .replace(/\\\n\s*/g, '')
      .split('\n')
      .map((line) =>
        line
          .replace(/\s{2,}#.*$/, '')
          .replace(/ # .*$/, '')
          .replace(/\s{3,}.*$/, '')
          .trim(),
      )
      .filter((line) => programs.test(line) && !/^trawl:/.test(line))
      .map((command) => ({ doc, command })),
  );
}

const all = docs.flatMap(commandsOf);
const fateOf = ({ command }: Line) => commands.find(([pattern]) => pattern.test(command))?.[1];

describe('the commands of the docs', () => {
  it('are each run by a test, or have a reason why not', () => {
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

  it('work as written', async () => {
    const { place } = await Place.withDemo(
      { events: 700 },
      { SEARCH_COUNT: '100', TRAWL_STORE: 'sqlite:data/trawl.db' },
    );
    const bin = join(place.folder, 'bin');
    mkdirSync(bin);
    linkInto(bin, 'trawl', join(root, 'bin', 'trawl'));
    linkInto(bin, 'temporal', inject('temporalCli'));
    writeFileSync(join(bin, 'alert'), '#!/bin/sh\necho "$@"; exit 1\n', { mode: 0o755 });
    jqInto(bin);
    const up = await place.up();
    const health = /Health {9}(\S+)\/healthz/.exec(up.stdout)![1]!;
    const address = /Temporal {7}(\S+),/.exec(up.stdout)![1]!;
    await until('all is collected', async () => (await place.stored()) === 700, 90_000);
    const shell = async (line: string, cwd = place.folder) => {
      const env = { ...place.env, PATH: `${bin}:${place.env.PATH}`, TEMPORAL_ADDRESS: address };
      const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', line], { cwd, env });
      return stdout;
    };
    const lines = all.filter((line) => fateOf(line) === 'runs');
    expect(lines.length).toBeGreaterThan(10);
    for (const { doc, command } of lines) {
      const line = command.replace('http://127.0.0.1:9464', health);
      const printed = await shell(line, command.startsWith('node scripts') ? root : undefined).catch((error) => {
        throw new Error(`${doc}: ${command}\n${String(error)}`);
      });
      if (command.includes('jq') && command.includes('problems')) expect(printed).toBe('');
      else if (!/status|backup|temporal|>/.test(command)) expect(printed, command).not.toBe('');
    }
    up.signal('SIGINT');
    await up.ended;
  }, 180_000);

  it('that set something do so', async () => {
    const place = new Place();
    const secrets = join(place.folder, 'secrets');
    mkdirSync(secrets);
    linkInto(place.folder, 'trawl', join(root, 'bin', 'trawl'));
    const run = async (line: string) => {
      const here = line
        .replaceAll('/run/secrets', secrets)
        .replaceAll('/etc/trawl', secrets)
        .replaceAll('https://….vault', 'https://abc.vault')
        .replaceAll('…', 'x')
        .replace(/^(bin\/)?trawl/, './trawl');
      await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', here], { cwd: place.folder, env: place.env });
    };
    for (const line of all.filter((one) => fateOf(one) === 'settings'))
      await run(line.command).catch((error) => {
        throw new Error(`${line.doc}: ${line.command}\n${String(error)}`);
      });
    const table = JSON.parse((await place.run('env', 'get', '--json')).stdout);
    expect(Object.keys(table)).toEqual(
      expect.arrayContaining(['acme-prod', 'asa', 'sink:archive', 'sink:siem', 'vault-eu']),
    );
    expect(readFileSync(join(secrets, 'payload-keys'), 'utf8')).toMatch(/^2026-a:/);
  }, 120_000);

  it('in SQL return what the docs promise', async () => {
    const { place } = await Place.withDemo({ events: 300 }, { TRAWL_STORE: 'sqlite:data/trawl.db' });
    await place.run('collect', 'asa');
    const db = new DatabaseSync(join(place.folder, 'data', 'trawl.db'), { readOnly: true });
    for (const statement of blocks('docs/tables.md', 'sql')
      .join('\n')
      .split(';')
      .filter((text) => text.trim() !== '')) {
      const rows = db.prepare(statement).all();
      expect(rows.length, statement).toBeGreaterThan(0);
      if (statement.includes('missing')) expect(rows).toEqual([{ missing: 0 }]);
    }
    db.close();
  }, 60_000);
});

describe('the links of the docs', () => {
  const pages = [...docs, 'ARCHITECTURE.md', 'CHANGELOG.md', 'CONTRIBUTING.md'];
  const linksOf = (page: string) =>
    [
      ...textOf(page)
        .replace(/```[\s\S]*?```/g, '')
        .matchAll(/\]\(([^)\s]+)\)/g),
    ]
      .map(([, link]) => link!)
      .filter((link) => !/^https?:/.test(link));
  const anchorsOf = (page: string) =>
    [...textOf(page).matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
      title!
        .toLowerCase()
        .replace(/[^\w\s-]/g, '')
        .trim()
        .replace(/\s+/g, '-'),
    );

  it.each(pages)('%s leads to existing targets', (page) => {
    for (const link of linksOf(page)) {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : normalize(join(dirname(page), path));
      expect(existsSync(join(root, target)), link).toBe(true);
      if (anchor) expect(anchorsOf(target), link).toContain(anchor);
    }
  });

  it('reach every page from the README within two clicks', () => {
    const from = (page: string) =>
      linksOf(page)
        .map((link) => normalize(join(dirname(page), link.split('#')[0]!)))
        .filter((path) => path.endsWith('.md'));
    const first = new Set(from('README.md'));
    const reached = new Set([...first, ...[...first].filter((page) => existsSync(join(root, page))).flatMap(from)]);
    expect(docs.filter((page) => page !== 'README.md' && !reached.has(page))).toEqual([]);
  });
});

it('docs/guarantees.md names existing tests', () => {
  const named = [...textOf('docs/guarantees.md').matchAll(/`(test\/[^`]+)`/g)].map(([, path]) => path!);
  expect(named.length).toBeGreaterThan(20);
  for (const path of named) {
    const [folder, name] = [join(root, dirname(path)), relative(dirname(path), path)];
    const pattern = new RegExp(`^${name.replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
    expect(
      readdirSync(folder).some((file) => pattern.test(file)),
      path,
    ).toBe(true);
  }
});
