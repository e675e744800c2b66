import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../scripts/setup.mjs';

/** Runs `trawl demo` in a separate process. @param body receives the settings of its collector. */
export async function withDemo<T>(
  options: { events: number; latencyMs: number },
  body: (env: Record<string, string>) => Promise<T>,
): Promise<T> {
  const args = ['--events', String(options.events), '--interval', '0', '--latency', String(options.latencyMs)];
  const demo = spawn(process.execPath, [join(root, 'bin', 'trawl'), 'demo', ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  try {
    const lines = await firstLines(demo, 4);
    return await body(Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2))));
  } finally {
    await ended(demo);
  }
}

async function firstLines(child: ChildProcess, count: number): Promise<string[]> {
  let text = '';
  for await (const part of child.stdout!.setEncoding('utf8')) {
    text += part;
    if (text.split('\n').length > count) break;
  }
  return text.trim().split('\n');
}

/** Ends a process, and waits for it. */
export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise((resolve) => {
    child.on('exit', resolve);
    child.kill('SIGTERM');
  });
}

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** Empty if the thread or process has ended meanwhile. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** CPU that a process and its children have used, those that have ended included; ms. Linux only. */
export function cpuMs(pid: number): number {
  const ticks = (of: number, withEnded: boolean): number => {
    const fields = textOf(`/proc/${of}/stat`)
      .replace(/^.*\) /s, '')
      .split(' ')
      .map(Number);
    const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11, 15);
    return user + system + (withEnded ? endedUser + endedSystem : 0);
  };
  let sum = ticks(pid, true);
  for (const child of readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    textOf(`/proc/${pid}/task/${task}/children`).trim().split(' ').filter(Boolean).map(Number),
  )) {
    sum += ticks(child, true);
  }
  return (sum / ticksPerSecond) * 1_000;
}

/** CPU that this process's children have used, and theirs, as far as all of them have ended; ms. Linux only. */
export function endedCpuMs(): number {
  const fields = textOf('/proc/self/stat')
    .replace(/^.*\) /s, '')
    .split(' ')
    .map(Number);
  return ((fields[13]! + fields[14]!) / ticksPerSecond) * 1_000;
}

/** Peak memory of a process; bytes. Linux only. */
export function peakBytes(pid: number): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1_024;
}
