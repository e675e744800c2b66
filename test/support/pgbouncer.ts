import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { attempted, fromDebian, testCache } from './debian.js';
import { freePort } from './ports.js';

export const noPgBouncer = 'there is no pgbouncer on the PATH, and none could be fetched from Debian';

export interface Pooler {
  /** Of the same database, through the pooler. */
  url: string;
  stop(): Promise<void>;
}

/** A PgBouncer in front of this database, with these lines in its file; undefined if there is none to be had. */
export async function startPgBouncer(database: string, lines: string): Promise<Pooler | undefined> {
  const found = program();
  if (!found) return undefined;
  const { hostname, port, username, password, pathname } = new URL(database);
  const folder = mkdtempSync(join(tmpdir(), 'trawl-pgbouncer-'));
  const own = await freePort(27_432 + Math.floor(Math.random() * 2_000));
  const name = pathname.slice(1);
  const file = join(folder, 'pgbouncer.ini');
  writeFileSync(
    file,
    `[databases]
${name} = host=${hostname} port=${port} user=${username} password=${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${own}
unix_socket_dir =
auth_type = any
${process.getuid?.() === 0 ? 'user = nobody\n' : ''}${lines}`,
  );
  const child = spawn(found.command, [file], { env: found.env, stdio: ['ignore', 'ignore', 'pipe'] });
  const log: string[] = [];
  for await (const line of createInterface(child.stderr)) {
    log.push(line);
    if (line.includes('process up')) break;
  }
  // It ends if nobody reads what it writes.
  child.stderr.resume();
  if (!log.at(-1)?.includes('process up')) throw new Error(`PgBouncer has ended: ${log.join('\n')}`);
  return {
    url: `postgres://${username}@127.0.0.1:${own}/${name}`,
    async stop() {
      const ended = once(child, 'exit');
      if (child.exitCode === null && child.kill('SIGTERM')) await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

function program(): { command: string; env: NodeJS.ProcessEnv } | undefined {
  if (attempted('pgbouncer', ['--version'])) return { command: 'pgbouncer', env: process.env };
  const folder = join(testCache, 'pgbouncer');
  const command = join(folder, 'usr', 'sbin', 'pgbouncer');
  if (!existsSync(command) && !fromDebian('pgbouncer', ['pgbouncer', 'libc-ares2', 'libevent-2.1-7'])) return undefined;
  const machine = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
  const env = { ...process.env, LD_LIBRARY_PATH: join(folder, 'usr', 'lib', machine) };
  return attempted(command, ['--version'], undefined, env) ? { command, env } : undefined;
}
