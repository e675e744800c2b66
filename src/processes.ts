import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment } from './environment.js';

/**
 * The variables that any program may need. This is a list of what is passed on, since nobody can list what is secret:
 * the environment of a worker has keys of sources, sinks and stores under names of the user's own choice.
 */
const variablesOfAll = [
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'TMPDIR', 'TZ', 'LANG', 'LANGUAGE'],
  ...['LC_ALL', 'LC_COLLATE', 'LC_CTYPE', 'LC_MESSAGES', 'LC_MONETARY', 'LC_NUMERIC', 'LC_TIME'],
  ...['XDG_CACHE_HOME', 'XDG_CONFIG_HOME', 'SSL_CERT_FILE', 'SSL_CERT_DIR'],
];

/** The environment of a child process: the variables of the list above, and those that this program needs. */
function environmentFor(env: Environment, variables: readonly string[]): Record<string, string> {
  const named = [...variablesOfAll, ...variables].map((name) => [name, env[name]] as const);
  return Object.fromEntries(named.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

interface StartOptions extends Omit<SpawnOptions, 'env'> {
  /** The environment to choose from; by default this process's own. */
  env?: Environment;
  /** The variables that the program needs besides those that any may need. */
  variables?: readonly string[];
}

/** Starts a program, which gets only the variables that it needs. */
export function startProcess(command: string, args: readonly string[], options: StartOptions): ChildProcess {
  const { env = process.env, variables = [], ...others } = options;
  return spawn(command, args, { ...others, env: environmentFor(env, variables) });
}

const outputMaxMs = 30_000;

/** Runs a program to its end and returns its output. Throws if it fails, with its `status`, or takes too long. */
export function outputOf(command: string, args: readonly string[]): string {
  return execFileSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: outputMaxMs,
    env: environmentFor(process.env, []),
  });
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The command line of a process; empty if there is no such process. */
export function commandLine(pid: number): string {
  try {
    return outputOf('ps', ['-ww', '-o', 'args=', '-p', String(pid)]);
  } catch {
    return '';
  }
}

/** Ends a process: sends SIGTERM, and SIGKILL after `patienceMs`. */
export async function endProcess(pid: number, patienceMs = 10_000): Promise<void> {
  signal(pid, 'SIGTERM');
  if (await gone(pid, patienceMs)) return;
  signal(pid, 'SIGKILL');
  await gone(pid, 5_000);
}

async function gone(pid: number, withinMs: number): Promise<boolean> {
  const until = Date.now() + withinMs;
  while (isAlive(pid)) {
    if (Date.now() > until) return false;
    await sleep(25);
  }
  return true;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // The process has already ended.
  }
}

/** A process that has a file open, and what it is, such as `trawl worker`. */
interface FileHolder {
  pid: number;
  program: string;
}

/** The other processes that have a file open, as far as this user may see them. */
export function holdersOf(path: string): FileHolder[] {
  const pids = existsSync('/proc/self/fd') ? holdersByProc(path) : holdersByLsof(path);
  return pids.filter((pid) => pid !== process.pid).map((pid) => ({ pid, program: programOf(pid) }));
}

function holdersByProc(path: string): number[] {
  const file = statSync(path, { bigint: true });
  const isFile = (open: string): boolean => {
    try {
      const { dev, ino } = statSync(open, { bigint: true });
      return dev === file.dev && ino === file.ino;
    } catch {
      // It was closed meanwhile, or leads nowhere.
      return false;
    }
  };
  return readdirSync('/proc')
    .filter(
      (name) => /^\d+$/.test(name) && entriesOf(`/proc/${name}/fd`).some((fd) => isFile(`/proc/${name}/fd/${fd}`)),
    )
    .map(Number);
}

/** Empty for a process of another user, and for one that has ended. */
function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function holdersByLsof(path: string): number[] {
  try {
    return outputOf('lsof', ['-t', '--', path]).split('\n').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Without its arguments, which may hold a secret. */
function programOf(pid: number): string {
  const words = commandLine(pid).trim().split(/\s+/);
  const trawl = words.findIndex((word) => /(^|\/)trawl$/.test(word));
  return trawl < 0 ? basename(words[0] ?? '') : ['trawl', ...words.slice(trawl + 1, trawl + 2)].join(' ');
}
