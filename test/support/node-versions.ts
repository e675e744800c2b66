import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../../scripts/setup.mjs';

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

/** A `node` of this version, which is available as a package too. */
export async function nodeOf(version: string, folder: string): Promise<string> {
  const name = `node-${process.platform}-${process.arch}`;
  await npmInstall(emptyProject(folder), `${name}@${version}`);
  return join(folder, 'node_modules', name, 'bin', 'node');
}
