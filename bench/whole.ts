import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../scripts/setup.mjs';
import { withFastTeam } from './demo-teams.js';
import type { Figure, Measured } from './figures.js';
import { endedCpuMs } from './processes.js';
import type { Sizes } from './sizes.js';
import { type Stores, storeNames } from './stores.js';

/** Measurements of a process from its start to its end. */
interface Whole {
  seconds: number;
  /** CPU of the process and of all that it has started, a Temporal server among them. */
  cpuSeconds: number;
  /** Peak memory of the process alone. */
  peakMb: number;
}

/**
 * Measures `trawl collect` from its start to its end, with its own Temporal server, beside a collector that only
 * writes each page to a gzip file (`files-alone.mjs`).
 */
export async function wholeCollection({ wholeEvents, runs, stores: kinds }: Sizes, stores: Stores): Promise<Measured> {
  const alone: Whole[] = [];
  const collected = kinds.map((kind) => ({ kind, values: [] as Whole[] }));
  await withFastTeam({ events: wholeEvents, latencyMs: 0 }, async (env) => {
    for (let run = 0; run < runs; run += 1) {
      alone.push(await measured([join(root, 'bench', 'files-alone.mjs'), 'pages'], env));
      for (const { kind, values } of collected) {
        const store = await stores.make(kind);
        try {
          values.push(
            await measured([join(root, 'bin', 'trawl'), 'collect', 'asa'], { ...env, TRAWL_STORE: store.text }),
          );
        } finally {
          await store.remove();
        }
      }
    }
  });
  return {
    figures: [
      ...figuresOf('files alone', alone),
      ...collected.flatMap(({ kind, values }) => figuresOf(storeNames[kind], values, alone)),
    ],
  };
}

function figuresOf(name: string, values: readonly Whole[], alone?: readonly Whole[]): Figure[] {
  const figure = (unit: string, of: (one: Whole) => number): Figure => ({
    name,
    unit,
    values: values.map(of),
    to: alone && { name: 'files alone', values: alone.map(of) },
  });
  return [
    figure('s', ({ seconds }) => seconds),
    figure('s of CPU', ({ cpuSeconds }) => cpuSeconds),
    figure('MB, peak', ({ peakMb }) => peakMb),
  ];
}

async function measured(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Whole> {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-bench-whole-'));
  try {
    mkdirSync(join(folder, 'pages'));
    const log = join(folder, 'log');
    const report = join(folder, 'report.json');
    const cpuBefore = endedCpuMs();
    const startedAt = performance.now();
    const child = spawn(process.execPath, ['--import', join(root, 'bench', 'process-report.mjs'), ...args], {
      cwd: folder,
      env: { ...process.env, ...env, BENCH_REPORT: report },
      stdio: ['ignore', 'ignore', openSync(log, 'w')],
    });
    const [code] = (await once(child, 'exit')) as [number | null];
    const seconds = (performance.now() - startedAt) / 1_000;
    if (code !== 0) throw new Error(`${child.spawnargs.join(' ')} ended with ${code}:\n${readFileSync(log, 'utf8')}`);
    const { peakBytes } = JSON.parse(readFileSync(report, 'utf8')) as { peakBytes: number };
    return { seconds, cpuSeconds: (endedCpuMs() - cpuBefore) / 1_000, peakMb: peakBytes / 1_048_576 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
