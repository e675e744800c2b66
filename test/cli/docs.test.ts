import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, inject, it } from 'vitest';
import { root } from '../../scripts/setup.mjs';
import { DatabaseSync } from '../../src/sqlite-driver.js';
import { Place } from '../support/cli.js';
import { until } from '../support/collection.js';
import { blocksOf, textOf } from '../support/doc-blocks.js';
import { commandsOf, docs, fateOf } from '../support/doc-commands.js';
import { jqInto, linkInto } from '../support/jq.js';

const all = docs.flatMap(commandsOf);

describe('the commands of the docs', () => {
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
        .replace(/^(\(umask 077 && )?(bin\/)?trawl/, '$1./trawl');
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
    await place.collected();
    const db = new DatabaseSync(join(place.folder, 'data', 'trawl.db'), { readOnly: true });
    for (const statement of blocksOf('docs/tables.md')
      .flatMap(({ language, content }) => (language === 'sql' ? content : []))
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
