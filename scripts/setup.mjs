// What a checkout needs before anything runs: dependencies and the compiled code. Plain JavaScript without imports
// from packages, since it runs before they are there.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export { requireNode } from '../bin/node-version.mjs';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Installs what the lockfile names, where that has changed since the last time. */
export function install() {
  const lockfile = join(root, 'package-lock.json');
  const stamp = join(root, 'node_modules', '.trawl-lock');
  const wanted = createHash('sha256').update(readFileSync(lockfile)).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  console.error('Installing dependencies …');
  // Not `npm ci`, which refuses a lockfile that lacks the binaries of other platforms. Nothing is written but
  // node_modules. No install script is needed: every binary comes inside its package.
  run(
    'npm',
    ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
    'The dependencies could not be installed: see above.',
  );
  writeFileSync(stamp, wanted);
}

/** Compiles, and bundles the workflows, where a source is newer than the last time. */
export function build() {
  const stamp = join(root, 'dist', '.built');
  const builtAt = existsSync(stamp) ? statSync(stamp).mtimeMs : 0;
  const sources = ['src', 'workflows', 'activities', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];
  if (builtAt > 0 && sources.every((path) => newest(join(root, path)) <= builtAt)) return;
  const lock = join(root, 'dist', '.building');
  mkdirSync(dirname(lock), { recursive: true });
  if (!take(lock)) {
    // Another command of this checkout compiles: what it leaves is looked at once more.
    while (isAlive(ownerOf(lock))) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    // One that was killed leaves it behind.
    if (ownerOf(lock) > 0) rmSync(lock, { force: true });
    build();
    return;
  }
  try {
    console.error('Compiling …');
    const startedAt = new Date();
    run(process.execPath, [join(root, 'scripts', 'build.mjs')], 'Compiling failed: see above.');
    writeFileSync(stamp, startedAt.toISOString());
  } finally {
    rmSync(lock, { force: true });
  }
}

/** Whether this process is now the only one that has it. */
function take(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function ownerOf(lock) {
  try {
    return Number(readFileSync(lock, 'utf8'));
  } catch {
    return 0;
  }
}

function isAlive(pid) {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function newest(path) {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

function run(command, args, failure) {
  // What they print is no result: standard output is kept for those.
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status === 0) return;
  console.error(error ? `${failure} (${error.message})` : failure);
  process.exit(1);
}
