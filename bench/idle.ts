import { HttpClient } from '../src/http/client.js';
import { resolveCollector } from '../src/settings/collector.js';
import { asa } from '../src/sources/asa/source.js';
import { openStore } from '../src/stores/registry.js';
import type { Store } from '../src/stores/store.js';
import { type Bed, type DriverCounts, startBed } from './bed.js';
import { type Requests, settingsOfTeam, startTeams, type Teams } from './demo-teams.js';
import { type Figure, type Measured, whole } from './figures.js';
import { cpuMs } from './processes.js';
import type { Sizes, StoreKind } from './sizes.js';
import { closing, type Stores, storeNames } from './stores.js';
import { costOfRun } from './temporal-cost.js';

/** Number of events in the last page, and the demo team's options for that. */
const partPages = [
  { part: 0, events: 2_000, nextWhenFull: true },
  { part: 999, events: 2_999, nextWhenFull: false },
];

/**
 * Measures a run that finds nothing new: its counts, and its CPU and time compared with the bare request for that
 * page.
 */
export async function idle(sizes: Sizes, stores: Stores): Promise<Measured> {
  const figures: Figure[] = [];
  for (const kind of sizes.stores) figures.push(...(await idleOf(stores, kind, sizes)));
  return { figures };
}

/** One collector for each part page, side by side on one worker. */
function idleOf(stores: Stores, kind: StoreKind, sizes: Sizes): Promise<Figure[]> {
  return closing(async (all) => {
    const place = await stores.make(kind);
    all.later(() => place.remove());
    const store = await openStore(place.place);
    all.later(() => store.close());
    const collectors: Collector[] = [];
    for (const { part, events, nextWhenFull } of partPages) {
      const teams = await startTeams({ count: 1, events, nextWhenFull });
      all.later(() => teams.demo.disconnect());
      const [team] = teams.teams;
      const name = `part-${part}`;
      const settings = { asaTeam: team!.team, asaKeyId: team!.keyId, asaBaseUrl: team!.baseUrl };
      await store.setSettings(name, { source: 'asa', ...settings, asaKeySecretEnv: secret }, []);
      collectors.push({ name, part, events, teams });
    }
    const bed = await startBed({
      store: place,
      env: { [secret]: collectors[0]!.teams.teams[0]!.keySecret, TRAWL_SECRET_HOSTS: 'http://127.0.0.1' },
      counts: true,
    });
    all.later(() => bed.close());
    const figures: Figure[] = [];
    for (const collector of collectors) {
      const measured = await idleCollector(bed, store, collector, sizes);
      figures.push(
        ...measured.map((figure) => ({
          ...figure,
          name: `${storeNames[kind]}, part page of ${whole(collector.part)}: ${figure.name}`,
        })),
      );
    }
    return figures;
  });
}

const secret = 'TRAWL_SECRET_BENCH';

interface Collector {
  name: string;
  part: number;
  /** Number of events of the team. */
  events: number;
  teams: Teams;
}

async function idleCollector(
  bed: Bed,
  store: Store,
  { name, part, events, teams }: Collector,
  { runs, idleRuns }: Sizes,
): Promise<Figure[]> {
  const { progress } = await bed.collect(name);
  if (progress.newEvents !== events) throw new Error(`The first run stored ${progress.newEvents} events.`);
  const { lastOffset } = await store.checkpoint(name);
  const env = settingsOfTeam(teams.teams[0]!);
  // The first runs create what later ones reuse: prepared statements, compiled code.
  for (let warm = 0; warm < idleRuns; warm += 1) await bed.collect(name);

  const each: Counted[] = [];
  for (let run = 0; run < runs; run += 1) each.push(await countedRun(bed, teams, name));
  const cpu: number[] = [];
  const temporalCpu: number[] = [];
  const took: number[] = [];
  const bareCpu: number[] = [];
  const bareTook: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const bare = await bareRequests(env, lastOffset, part, idleRuns);
    bareCpu.push(bare.cpuMs);
    bareTook.push(bare.tookMs);
    const [before, temporalBefore] = [cpuMs(bed.worker.pid!), cpuMs(bed.server.pid()!)];
    const startedAt = performance.now();
    for (let one = 0; one < idleRuns; one += 1) await bed.collect(name);
    took.push((performance.now() - startedAt) / idleRuns);
    cpu.push((cpuMs(bed.worker.pid!) - before) / idleRuns);
    temporalCpu.push((cpuMs(bed.server.pid()!) - temporalBefore) / idleRuns);
  }
  const count = (name: string, of: (counted: Counted) => number): Figure => ({
    name,
    unit: 'a run',
    values: each.map(of),
    exact: true,
  });
  const bare = (values: number[]) => ({ name: 'the bare request', values });
  return [
    count('requests', ({ audits }) => audits),
    count('token requests', ({ tokens }) => tokens),
    count('Temporal actions', ({ actions }) => actions),
    count('events of history', ({ historyEvents }) => historyEvents),
    count('write transactions', ({ transactions }) => transactions),
    count('statements', ({ statements }) => statements),
    count('rows read', ({ rowsRead }) => rowsRead),
    count('rows written', ({ rowsWritten }) => rowsWritten),
    count('rows of events read or written', ({ eventRows }) => eventRows),
    { name: 'bare request, CPU', unit: 'ms', values: bareCpu },
    { name: 'CPU of the worker', unit: 'ms a run', values: cpu, to: bare(bareCpu) },
    { name: 'CPU of the Temporal server', unit: 'ms a run', values: temporalCpu, to: bare(bareCpu) },
    { name: 'bare request', unit: 'ms', values: bareTook },
    { name: 'time', unit: 'ms a run', values: took, to: bare(bareTook) },
  ];
}

type Counted = DriverCounts & Requests & { actions: number; historyEvents: number };

/**
 * Counts of this run. A periodic task of the worker (every half minute) may fall into one run, but not into the
 * median.
 */
async function countedRun(bed: Bed, teams: Teams, name: string): Promise<Counted> {
  const [before, requestsBefore] = [await bed.counts(), await teams.requests()];
  const { progress, workflowId, runId } = await bed.collect(name);
  const [after, requests] = [await bed.counts(), await teams.requests()];
  if (progress.newEvents !== 0) throw new Error(`A run that should be idle stored ${progress.newEvents} events.`);
  const { actions, historyEvents } = await costOfRun(bed.client, workflowId, runId);
  return {
    audits: requests.audits - requestsBefore.audits,
    tokens: requests.tokens - requestsBefore.tokens,
    transactions: after.transactions - before.transactions,
    statements: after.statements - before.statements,
    rowsRead: after.rowsRead - before.rowsRead,
    rowsWritten: after.rowsWritten - before.rowsWritten,
    eventRows: after.eventRows - before.eventRows,
    actions,
    historyEvents,
  };
}

/** The request that an idle run makes, alone: fetched and parsed; figures for each. */
async function bareRequests(
  env: Record<string, string>,
  offset: string,
  part: number,
  count: number,
): Promise<{ cpuMs: number; tookMs: number }> {
  const http = new HttpClient({}, {});
  try {
    const client = asa.open(resolveCollector('asa', [asa], {}, env).values, http);
    // Gets the token and opens the connection.
    await client.fetchPage(offset);
    const cpu = process.cpuUsage();
    const startedAt = performance.now();
    for (let one = 0; one < count; one += 1) {
      const { content } = await client.fetchPage(offset);
      if (content.events.length !== part) throw new Error(`The part page has ${content.events.length} events.`);
    }
    const { user, system } = process.cpuUsage(cpu);
    return { cpuMs: (user + system) / 1_000 / count, tookMs: (performance.now() - startedAt) / count };
  } finally {
    await http.close();
  }
}
