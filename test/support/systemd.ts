import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fromDebian, testCache } from './debian.js';

interface Analysis {
  status: number | null;
  /** Standard output and standard error. */
  said: string;
}

/** The `systemd-analyze` on the PATH, else Debian's; undefined if there is none. It needs no running systemd. */
export function systemdAnalyze(args: string[]): Analysis | undefined {
  const installed = run('systemd-analyze', args);
  if (installed) return installed;
  const folder = join(testCache, 'systemd');
  const program = join(folder, 'usr', 'bin', 'systemd-analyze');
  if (!existsSync(program) && !fromDebian('systemd', ['systemd', 'libsystemd-shared'])) return undefined;
  const machine = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
  const libraries = join(folder, 'usr', 'lib', machine, 'systemd');
  return run(program, args, { ...process.env, LD_LIBRARY_PATH: libraries });
}

function run(program: string, args: string[], env = process.env): Analysis | undefined {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', env });
  return error ? undefined : { status, said: `${stdout}${stderr}` };
}
