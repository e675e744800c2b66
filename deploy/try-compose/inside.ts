// Runs in namespaces of its own, which main.ts makes: process 1 there. Everything that it starts ends with it.
import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DemoAsa, startDemoAsa } from '../../demo/asa/server.js';
import { root } from '../../scripts/setup.mjs';
import { blockThatBegins } from '../../test/support/doc-blocks.js';
import { isCommand, linesOf } from '../../test/support/doc-commands.js';
import { readCompose } from './compose.js';
import type { Image } from './image.js';
import { Project } from './project.js';
import { makeNetwork, network } from './sandbox.js';
import { askSites, commandsOfDocs, execute, requireEvents } from './trial.js';
import { readEnvFile } from './variables.js';

interface Plan {
  images: Record<string, Image>;
  /** A new folder. */
  folder: string;
  events: number;
}

const workersMost = 3;
const schedule = 'audit-collection-asa';

const startedAt = performance.now();
const say = (line: string) =>
  console.log(`${((performance.now() - startedAt) / 1_000).toFixed(1).padStart(6)} s ${line}`);

/** The .env that the docs say how to make, with the demo team's settings. */
function makeEnvFile(folder: string, demo: DemoAsa): Record<string, string> {
  const lines = linesOf(blockThatBegins('docs/containers.md', '(umask 077 && echo "STORE_PASSWORD='));
  const made = lines.filter((line) => !isCommand(line));
  execFileSync('bash', ['-euo', 'pipefail', '-c', made.join('\n')], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const file = join(folder, '.env');
  const settings = {
    ASA_TEAM: demo.team,
    ASA_KEY_ID: demo.keyId,
    ASA_KEY_SECRET: demo.keySecret,
    ASA_BASE_URL: demo.baseUrl,
  };
  appendFileSync(
    file,
    Object.entries(settings)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  return readEnvFile(readFileSync(file, 'utf8'));
}

/** As `docker compose ps`. */
function list(project: Project): void {
  for (const [name, { state, health, exitCode, restarts }] of project.containers) {
    const how = state === 'exited' ? `exited with ${exitCode}` : `running${health === 'none' ? '' : `, ${health}`}`;
    say(`${name.padEnd(20)} ${how}${restarts > 0 ? `, restarted ${restarts} times` : ''}`);
  }
}

/** `docker compose up -d`, until every service is as it should be in the end. */
async function up(project: Project): Promise<void> {
  say('$ docker compose up -d');
  await project.up();
  for (const container of project.containers.values()) {
    const { restart, healthcheck } = container.options;
    const endsByItself = restart !== 'unless-stopped';
    if (endsByItself) await container.reaches('service_completed_successfully');
    else await container.reaches(healthcheck ? 'service_healthy' : 'service_started');
  }
  list(project);
}

async function down(project: Project): Promise<void> {
  say('$ docker compose down');
  for (const [name, end] of await project.down()) say(`${name.padEnd(20)} ${end}`);
}

async function trial(project: Project, demo: DemoAsa, env: Record<string, string>): Promise<void> {
  // As `docker compose run temporal-namespace` would.
  const temporal = (command: string) =>
    execute(project, say, {
      service: 'temporal-namespace',
      command: ['temporal', ...command.split(' ')],
      written: `temporal ${command}`,
    });
  const collected = () => requireEvents(project, demo, env.STORE_PASSWORD!, say);
  await up(project);
  say('waiting for the Schedule …');
  await collected();
  await temporal(`schedule describe --schedule-id ${schedule}`);
  await temporal(`workflow list --query TemporalScheduledById="${schedule}"`);
  for (const each of commandsOfDocs()) await execute(project, say, each);
  await askSites(project, schedule, say);

  say(`$ docker compose up -d --scale worker=${workersMost}`);
  for (let number = 2; number <= workersMost; number += 1) {
    const worker = await project.start('worker', number);
    await worker.reaches('service_healthy');
  }
  await temporal('task-queue describe --task-queue audit-collection --task-queue-type activity');
  list(project);
  await down(project);

  say('the same volumes again, with 500 more events at the vendor');
  await up(project);
  demo.addEvents(500);
  await temporal(`schedule trigger --schedule-id ${schedule}`);
  await collected();
  list(project);
  await down(project);
}

async function main(): Promise<number> {
  const { images, folder, events }: Plan = JSON.parse(readFileSync(process.argv[2]!, 'utf8'));
  // main.ts closes the pipe when it is to end.
  const interrupted = new Promise<void>((resolve) => process.stdin.resume().once('end', resolve));
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {});
  makeNetwork();
  const demo = await startDemoAsa({ host: network.own, port: 8000, events });
  const env = makeEnvFile(folder, demo);
  const services = readCompose(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), env);
  const project = new Project(folder, services, images, { worker: workersMost });
  try {
    const outcome = trial(project, demo, env).then(() => 0);
    const stopped = interrupted.then(() => {
      say('interrupted');
      return 130;
    });
    return await Promise.race([outcome, stopped]);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    list(project);
    return 1;
  } finally {
    if (project.containers.size > 0) await down(project);
    await demo.close();
  }
}

process.exit(await main());
