import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { DemoAsa } from '../../demo/asa/server.js';
import { blockThatBegins } from '../../test/support/doc-blocks.js';
import { linesOf } from '../../test/support/doc-commands.js';
import type { Project } from './project.js';

const collectMaxMs = 600_000;

/** Says what happens, with the seconds since the beginning. */
export type Say = (line: string) => void;

/** The commands of docs/containers.md that a service's container runs. */
export function commandsOfDocs(): { service: string; command: string[] }[] {
  const lines = linesOf(blockThatBegins('docs/containers.md', '(umask 077 && echo "STORE_PASSWORD='));
  return lines.flatMap((line) => {
    const [, service, command] = /^docker compose exec (\S+) (.+)$/.exec(line) ?? [];
    return service && command ? [{ service, command: command.split(' ') }] : [];
  });
}

interface Execution {
  service: string;
  command: readonly string[];
  /** How to print it, if not as a command of `docker compose`. */
  written?: string;
}

/** Runs a command in a service's container and prints it with its output. @throws Error if it fails */
export async function execute(project: Project, say: Say, { service, command, written }: Execution): Promise<void> {
  const { code, output } = await project.containers.get(`${service}-1`)!.exec(command);
  say(`$ ${written ?? `docker compose exec ${service} ${command.join(' ')}`}`);
  const lines = output.trimEnd().split('\n');
  const shown = lines.length > 30 ? [...lines.slice(0, 2), `… ${lines.length - 3} more lines`, lines.at(-1)!] : lines;
  for (const line of shown) console.log(`         ${line.slice(0, 160)}`);
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}`);
}

/** Waits until the store has these events, and compares all of it with the vendor's. */
export async function requireEvents(project: Project, demo: DemoAsa, password: string, say: Say): Promise<void> {
  const store = new pg.Client({
    host: project.addressOf('store'),
    port: 5432,
    user: 'trawl',
    database: 'trawl',
    password,
  });
  await store.connect();
  try {
    const until = Date.now() + collectMaxMs;
    const count = async () => (await store.query('SELECT count(*)::int AS n FROM audit_events')).rows[0].n as number;
    for (let before = -1, now = 0; now < demo.total(); before = now) {
      now = await count();
      if (now !== before) say(`the store has ${now} of ${demo.total()} events`);
      if (Date.now() > until) throw new Error(`the store has ${now} of ${demo.total()} events`);
      if (now < demo.total()) await sleep(1_000);
    }
    const { rows } = await store.query('SELECT id, raw_event FROM audit_events ORDER BY seq');
    const truth = [...demo.truth()];
    const isSame =
      rows.length === truth.length &&
      rows.every(({ id, raw_event }, at) => id === truth[at]!.id && raw_event === truth[at]!.details);
    if (!isSame) throw new Error('the store has other events than the vendor, or in another order');
    const { rows: sums } = await store.query(
      'SELECT count(*)::int AS events, count(DISTINCT id)::int AS ids, min(seq)::int AS first, max(seq)::int AS last FROM audit_events',
    );
    say(`SELECT count(*), count(DISTINCT id), min(seq), max(seq) FROM audit_events: ${Object.values(sums[0])}`);
  } finally {
    await store.end();
  }
}

/** The answer of a service to a request from outside its container. @throws Error if it refuses */
async function get(project: Project, service: string, portAndPath: string): Promise<string> {
  const url = `http://${project.addressOf(service)}${portAndPath}`;
  const answer = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}`);
  return answer.text();
}

/** Asks the sites: the Temporal UI for its page, a script of it, and the Schedule, and the worker for its metrics. */
export async function askSites(project: Project, schedule: string, say: Say): Promise<void> {
  const page = await get(project, 'temporal-ui', ':8080/');
  const script = /href="(\/_app\/[^"]+\.js)"/.exec(page)?.[1] ?? 'a script';
  await get(project, 'temporal-ui', `:8080${script}`);
  const shown = await get(project, 'temporal-ui', `:8080/api/v1/namespaces/default/schedules/${schedule}`);
  const { workflowType } = JSON.parse(shown).schedule.action.startWorkflow;
  say(`temporal-ui:8080 serves its page, ${script}, and the Schedule of ${workflowType.name}`);
  const metrics = await get(project, 'worker', ':9464/metrics');
  const events = metrics.split('\n').find((line) => line.startsWith('trawl_events_total'));
  if (!events) throw new Error('/metrics of the worker has no events');
  say(`worker:9464/metrics has ${events}`);
}
