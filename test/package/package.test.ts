import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { decompress } from 'fzstd';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { runtime, runtimePackages } from '../../scripts/runtime.mjs';
import { root } from '../../scripts/setup.mjs';
import { essence, Place, truthOf } from '../support/cli.js';
import { buildImage } from '../support/image.js';
import { emptyProject, nodeOf, nodeVersions, npm, npmInstall } from '../support/node-versions.js';
import { createDatabase } from '../support/postgres.js';

const folder = mkdtempSync(join(tmpdir(), 'trawl-package-'));
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
/** The folders that are /app and /opt/trawl in the image. */
const app = join(folder, 'app');
const image = join(folder, 'opt', 'trawl');
const user = join(folder, 'user');
const installed = join(user, 'node_modules', 'trawl');
const nodes: Record<string, string> = {};

beforeAll(async () => {
  const older = nodeOf(nodeVersions.oldest);
  const newer = nodeOf(nodeVersions.newest);
  await buildImage(app, image, { '.env': 'ASA_KEY_SECRET=never-packed' });
  await npmInstall(emptyProject(user), join(app, `trawl-${version}.tgz`));
  Object.assign(nodes, { oldest: await older, newest: await newer });
}, 300_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const filesOf = (place: string): string[] =>
  readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(place.length + 1))
    .filter((path) => !path.startsWith('node_modules/'))
    .sort();

const textOf = (path: string) => readFileSync(join(installed, path), 'utf8');

describe('the package', () => {
  it('contains what runs, and nothing else', () => {
    const files = filesOf(installed);
    expect(files).toContain('dist/workflow-bundle.js');
    const compiled = files.filter((path) => /^dist\/(src|workflows|activities|demo)\//.test(path));
    expect(files.filter((path) => path.startsWith('deploy/try-compose'))).toEqual([]);
    expect(compiled.filter((path) => !existsSync(join(root, path.slice(5).replace(/\.js$/, '.ts'))))).toEqual([]);
    expect(
      new Set(files.filter((path) => !compiled.includes(path)).map((path) => path.replace(/^(docs|deploy)\/.*/, '$1'))),
    ).toEqual(
      new Set([
        ...[
          'CHANGELOG.md',
          'LICENSE',
          'README.md',
          'THIRD-PARTY-LICENSES.md',
          'bin/node-version.mjs',
          'bin/trawl',
          'deploy',
        ],
        ...[
          'dist/sbom.cdx.json',
          'dist/workflow-bundle.js',
          'dist/workflow-bundle.traced.js',
          'docs',
          'dist/package-lock.json',
          'package.json',
        ],
      ]),
    );
  });

  it('contains neither paths of the machine that packed it nor a registry', async () => {
    const registry = new URL((await npm(user, 'config', 'get', 'registry')).trim()).host;
    // The dependencies are a link here, whose path names the checkout as well.
    const machine = [root, relative(app, root), folder, registry, 'never-packed'];
    for (const path of filesOf(installed)) {
      const text = textOf(path);
      const inside = [...text.matchAll(/base64,([\w+/=]{100,})/g)].map(([, map]) =>
        Buffer.from(map!, 'base64').toString(),
      );
      for (const each of [text, ...inside])
        expect(
          machine.filter((name) => each.includes(name)),
          path,
        ).toEqual([]);
    }
  });

  it('has a bill of materials of what runs, with a licence and a digest for each package', () => {
    const bill = JSON.parse(textOf('dist/sbom.cdx.json'));
    expect(bill).toMatchObject({
      bomFormat: 'CycloneDX',
      metadata: { component: { name: 'trawl', version } },
    });
    type Component = {
      name: string;
      version: string;
      licenses: { license?: { id?: string }; expression?: string }[];
      hashes: unknown[];
    };
    const components: Component[] = bill.components;
    const listed = components.map(({ name, version, licenses: [first] }) => ({
      id: `${name}@${version}`,
      licence: first!.license?.id ?? first!.expression,
    }));
    expect(listed.sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual(runtimePackages());
    expect(components.filter(({ hashes }) => !hashes?.length)).toEqual([]);
  });

  it('is installed in the image with the dependencies of the lockfile, except those for development', () => {
    const wanted = Object.entries(runtime().lock.packages).filter(([path, { optional }]) => path !== '' && !optional);
    for (const [path, { version }] of wanted)
      expect(JSON.parse(readFileSync(join(image, path, 'package.json'), 'utf8')).version, path).toBe(version);
    for (const place of [image, user]) expect(existsSync(join(place, 'node_modules', 'vitest'))).toBe(false);
  });

  it('works as a command of npx', async () => {
    const npx = (...args: string[]) => npm(user, 'exec', '--no', '--', 'trawl', ...args);
    expect(await npx('--version')).toContain(`trawl ${version} `);
    expect(await npx('--help')).toContain('run everything on this machine');
    await npx('env', 'set', 'acme', 'source=asa', 'asaTeam=acme');
    expect(JSON.parse(await npx('env', 'get', '--json'))).toEqual({ acme: { source: 'asa', asaTeam: 'acme' } });
  });
});

describe.each(['oldest', 'newest'] as const)('the package on the %s Node.js', (age) => {
  it('collects, exports, and copies the store to PostgreSQL', async () => {
    const { stdout: version } = await promisify(execFile)(nodes[age]!, ['--version']);
    expect(version).toBe(`v${nodeVersions[age]}\n`);
    const { place, demo } = await Place.withDemo({ events: 1_500 }, { SEARCH_COUNT: '500' }, installed, nodes[age]);
    const collected = await place.run('collect', 'asa');
    expect(collected).toMatchObject({ code: 0, stdout: '' });
    expect(collected.stderr).toContain('asa: caught up, 1,500 new events');
    expect((await place.exported()).map(essence)).toEqual(truthOf(demo));

    const database = await createDatabase(inject('postgresUrl'));
    try {
      const copy = await place.run('store', 'copy', 'sqlite:data/trawl.db', database.url, '--json');
      expect(JSON.parse(copy.stdout).tables).toContainEqual(
        expect.objectContaining({ table: 'audit_events', rows: 1_500 }),
      );
    } finally {
      await database.remove();
    }
  });
});

it.each(['oldest', 'newest'] as const)('zstd of the %s Node.js is one frame that says its size', async (age) => {
  const module = join(installed, 'dist', 'src', 'formats', 'compression.js');
  const script = `const { zstdCompressor } = await import(${JSON.stringify(module)});
    process.stdout.write((await zstdCompressor())(Buffer.from('audit '.repeat(100_000))));`;
  const { stdout: frame } = await promisify(execFile)(nodes[age]!, ['--input-type=module', '-e', script], {
    encoding: 'buffer',
  });
  expect(Buffer.from(decompress(frame)).toString()).toBe('audit '.repeat(100_000));
  // The two highest bits of the frame's header: the length of the content size, of four bytes.
  expect(frame[4]! >> 6).toBe(2);
});

it('trawl up names the command as it was called', async () => {
  const { place } = await Place.withDemo({ events: 10 }, {}, image, nodes.newest);
  const up = await place.up();
  expect(up.stdout).toContain(`${join(image, 'bin', 'trawl')} status\n`);
  up.signal('SIGINT');
  expect((await up.ended).code).toBe(0);
});
