// Provides what a checkout needs before anything runs: dependencies and compiled code. Plain JavaScript without imports
// from packages, since it runs before they are installed.
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export { requireNode } from '../bin/node-version.mjs';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The lockfile, and the one that npm writes at the end of an installation: what is installed. */
const lock = join(root, 'package-lock.json');
const installedLock = join(root, 'node_modules', '.package-lock.json');

/** Installs what the lockfile names, unless it is installed already. */
export function install() {
  if (isInstalled()) return;
  const modules = join(root, 'node_modules');
  // `npm ci` empties the folder first, and this one belongs to another checkout.
  if (lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink())
    fail(
      `${modules} is a link to a folder that lacks what package-lock.json names: install there, or remove the link.`,
    );
  alone(join(root, 'dist', '.installing'), () => {
    if (isInstalled()) return;
    console.error('Installing dependencies …');
    // In case npm is killed while it empties the folder.
    rmSync(installedLock, { force: true });
    // No install script is needed: every binary comes inside its package.
    run(
      'npm',
      ['ci', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'],
      'The dependencies could not be installed: see above.',
    );
  });
}

/** Names the state of both lockfiles that was found to fit, since every command asks and they take long to read. */
const fittingStamp = join(root, 'dist', '.installed');

function isInstalled() {
  if (!existsSync(installedLock)) return false;
  const state = [lock, installedLock].map((path) => stateOf(path)).join('\n');
  if (textOf(fittingStamp) === state) return true;
  if (!holds(lockedIn(installedLock), lockedIn(lock))) return false;
  keep(fittingStamp, state);
  return true;
}

function stateOf(path) {
  const { ino, size, mtimeMs } = statSync(path);
  return `${ino} ${size} ${mtimeMs}`;
}

function textOf(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Writes what only saves time: a checkout that cannot be written to works without it. */
function keep(path, text) {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  } catch {}
}

function lockedIn(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch (error) {
    return fail(`${path} cannot be read: ${error.message}`);
  }
}

/**
 * Returns whether the installed packages are the locked ones, comparing npm's form of both.
 *
 * Only optional packages of this platform can be installed. The platform's C library is not checked.
 */
export function holds(installed, locked, { platform, arch } = process) {
  const same = (path) =>
    installed[path]?.version === locked[path]?.version && installed[path]?.integrity === locked[path]?.integrity;
  const isOfHere = ({ os, cpu, libc }) => os?.includes(platform) && cpu?.includes(arch) && !libc;
  const needed = Object.keys(locked).filter((path) => path && (!locked[path].optional || isOfHere(locked[path])));
  return [...needed, ...Object.keys(installed)].every(same);
}

const builtStamp = join(root, 'dist', '.built');

/** Compiles, and bundles the workflows, if a source has changed since the last time. */
export function build() {
  if (isBuilt()) return;
  alone(join(root, 'dist', '.building'), () => {
    if (isBuilt()) return;
    console.error('Compiling …');
    const startedAt = new Date();
    run(process.execPath, [join(root, 'scripts', 'build.mjs')], 'Compiling failed: see above.');
    writeFileSync(builtStamp, startedAt.toISOString());
  });
}

function isBuilt() {
  const builtAt = existsSync(builtStamp) ? statSync(builtStamp).mtimeMs : 0;
  const sources = [
    'src',
    'workflows',
    'activities',
    'demo',
    'tsconfig.json',
    'tsconfig.build.json',
    'package-lock.json',
  ];
  return builtAt > 0 && !sources.some((path) => isNewer(join(root, path), builtAt));
}

/** Runs `body` while no other command of this checkout holds the same lock. */
function alone(lock, body) {
  mkdirSync(dirname(lock), { recursive: true });
  while (!take(lock)) {
    const owner = ownerOf(lock);
    if (isAlive(owner)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    // A process that was killed leaves the lock behind.
    else if (owner > 0) rmSync(lock, { force: true });
  }
  try {
    body();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** Returns whether this process now holds the lock. */
function take(lock) {
  const own = `${lock}-${process.pid}`;
  // Writes a separate file first, so that the lock never lacks its owner.
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, lock);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
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

function isNewer(path, thanMs) {
  const stats = statSync(path);
  if (stats.mtimeMs > thanMs || !stats.isDirectory()) return stats.mtimeMs > thanMs;
  return readdirSync(path).some((name) => isNewer(`${path}/${name}`, thanMs));
}

function run(command, args, failure) {
  // Their output is not a result, and standard output is only for results.
  // Loaded only here: most commands find everything done.
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) fail(error ? `${failure} (${error.message})` : failure);
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
