import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const module = 'github.com/prometheus/prometheus/cmd/promtool@v0.42.0';

/** The one on the PATH, else a cached one, else Debian's, else one that Go builds within some minutes. */
export function promtool(): string {
  const cache = join(homedir(), '.cache', 'trawl', 'test');
  const cached = join(cache, 'promtool');
  mkdirSync(cache, { recursive: true });
  for (const have of [() => {}, () => fromDebian(cache), () => fromGo(cache)]) {
    have();
    for (const program of ['promtool', cached]) if (answers(program)) return program;
  }
  throw new Error('There is no promtool, and neither apt-get nor Go can bring one.');
}

function answers(program: string): boolean {
  return attempted(program, ['--version'], process.cwd());
}

/** Out of its package, without installing it. */
function fromDebian(cache: string): void {
  const folder = join(cache, `prometheus-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const got =
    attempted('apt-get', ['download', 'prometheus'], folder) ||
    (attempted('apt-get', ['update'], folder) && attempted('apt-get', ['download', 'prometheus'], folder));
  const archive = readdirSync(folder).find((name) => name.endsWith('.deb'));
  const program = join(folder, 'usr', 'bin', 'promtool');
  if (got && archive && attempted('dpkg-deb', ['-x', archive, '.'], folder) && existsSync(program))
    renameSync(program, join(cache, 'promtool'));
  rmSync(folder, { recursive: true });
}

function fromGo(cache: string): void {
  attempted('go', ['install', module], cache, { ...process.env, GOBIN: cache });
}

function attempted(command: string, args: string[], cwd: string, env = process.env): boolean {
  try {
    execFileSync(command, args, { cwd, env, stdio: 'ignore', timeout: 600_000 });
    return true;
  } catch {
    return false;
  }
}
