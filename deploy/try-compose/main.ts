import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { root } from '../../scripts/setup.mjs';
import type { Image } from './image.js';
import { buildImageOf } from './images.js';

const usage = `npm run try-compose -- [--cache FOLDER] [--events NUMBER] [--keep]

Runs docker-compose.yml without a container engine, on Linux: docs/containers.md says how.
  --cache FOLDER   where the programs are kept that it builds (~/.cache/trawl/try-compose)
  --events NUMBER  events that the vendor has (10000)
  --keep           keeps the folder with logs and volumes, which is kept anyway if something fails`;

/** Namespaces of users, processes, mounts and networks, in which this user has the rights that it takes. */
const namespaces = ['--user', '--map-root-user', '--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];

function requireMachine(): void {
  const tools = [
    ['go', ['version'], 'Install Go: it builds the Temporal server, its tools and its UI.'],
    ['openssl', ['version'], 'Install openssl: docs/containers.md makes passwords by it.'],
    [
      'unshare',
      [...namespaces, 'ip', 'link'],
      'It takes Linux with util-linux 2.38, iproute2, and user namespaces (sysctl kernel.apparmor_restrict_unprivileged_userns=0).',
    ],
  ] as const;
  for (const [program, args, hint] of tools) {
    try {
      execFileSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    } catch {
      throw new Error(`${program} does not run here. ${hint}`);
    }
  }
}

/** The stand-in for each image of the services that have no profile. */
async function buildImages(cache: string): Promise<Record<string, Image>> {
  const { services } = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), { merge: true });
  const started = Object.values<{ image: string; profiles?: string[] }>(services).filter(({ profiles }) => !profiles);
  const images: Record<string, Image> = {};
  // One after another: each takes every processor.
  for (const name of new Set(started.map(({ image }) => image))) {
    images[name] = await buildImageOf(name, cache);
    console.log(`${name.padEnd(28)} ${images[name].description}`);
  }
  return images;
}

/** Runs inside.ts, and makes it end everything in order when this process is told to end. */
async function runInside(planFile: string): Promise<number> {
  const script = join(root, 'deploy', 'try-compose', 'inside.ts');
  const command = [...namespaces, process.execPath, '--import', 'tsx', script, planFile];
  const child = spawn('unshare', command, { cwd: root, stdio: ['pipe', 'inherit', 'inherit'] });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.stdin.end());
  const [code, signal] = await once(child, 'exit');
  return code ?? (signal ? 1 : 0);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      cache: { type: 'string', default: join(homedir(), '.cache', 'trawl', 'try-compose') },
      events: { type: 'string', default: '10000' },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  if (!/^[1-9]\d{0,8}$/.test(values.events)) throw new Error(`--events takes a whole number, not ${values.events}`);
  requireMachine();
  mkdirSync(values.cache, { recursive: true });
  const images = await buildImages(values.cache);
  const folder = mkdtempSync(join(tmpdir(), 'trawl-compose-'));
  const planFile = join(folder, 'plan.json');
  writeFileSync(planFile, JSON.stringify({ images, folder, events: Number(values.events) }));
  const code = await runInside(planFile);
  if (code === 0 && !values.keep) rmSync(folder, { recursive: true, force: true });
  else console.log(`Logs and volumes: ${folder}`);
  return code;
}

process.exitCode = await main().catch((error: Error) => {
  console.error(error.message);
  return 1;
});
