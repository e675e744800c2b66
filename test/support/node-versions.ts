import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../../scripts/setup.mjs';
import { attempted, testCache } from './debian.js';

const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { engines: { node: string } };

/** Node.js versions to test in addition to the one that runs the tests: the oldest and the newest. */
export const nodeVersions = { oldest: engines.node.replace('>=', ''), newest: '24.21.0' };

/** Runs the machine's npm in a folder that is a separate project. */
export async function npm(folder: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('npm', args, { cwd: folder, maxBuffer: 2 ** 26 });
  return stdout;
}

/** Makes a folder with only a package.json, so that npm does not use one further up. */
export function emptyProject(folder: string): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{}');
  return folder;
}

/** Installs from npm's cache if possible. */
export function npmInstall(folder: string, ...packages: string[]): Promise<string> {
  const quiet = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  return npm(folder, 'install', ...quiet, ...packages);
}

/** A `node` of this version: a cached one, else one from npm, where it is a package. */
export async function nodeOf(version: string): Promise<string> {
  const name = `node-${process.platform}-${process.arch}`;
  const folder = join(testCache, `node-${version}`);
  const node = join(folder, 'node_modules', name, 'bin', 'node');
  if (attempted(node, ['--version'])) return node;
  const draft = `${folder}-${process.pid}`;
  try {
    await npmInstall(emptyProject(draft), `${name}@${version}`);
    rmSync(folder, { recursive: true, force: true });
    renameSync(draft, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return node;
}
