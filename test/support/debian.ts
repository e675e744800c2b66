import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The cache of programs that the tests use. */
export const testCache = join(homedir(), '.cache', 'trawl', 'test');

/** Returns true if a command succeeds. */
export function attempted(command: string, args: string[], cwd = process.cwd(), env = process.env): boolean {
  try {
    execFileSync(command, args, { cwd, env, stdio: 'ignore', timeout: 600_000 });
    return true;
  } catch {
    return false;
  }
}

/**
 * Unpacks Debian's packages into a folder of the cache, without installing them.
 *
 * @returns the folder; null if that is impossible
 */
export function fromDebian(name: string, packages: string[]): string | null {
  const draft = join(testCache, `${name}-${process.pid}`);
  const folder = join(testCache, name);
  mkdirSync(draft, { recursive: true });
  try {
    const got =
      attempted('apt-get', ['download', ...packages], draft) ||
      (attempted('apt-get', ['update'], draft) && attempted('apt-get', ['download', ...packages], draft));
    if (!got) return null;
    for (const archive of readdirSync(draft).filter((file) => file.endsWith('.deb'))) {
      if (!attempted('dpkg-deb', ['-x', archive, '.'], draft)) return null;
      rmSync(join(draft, archive));
    }
    rmSync(folder, { recursive: true, force: true });
    renameSync(draft, folder);
    return folder;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}
