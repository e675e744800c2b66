import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { attempted, fromDebian, testCache } from './debian.js';

/** Puts a `jq` into a folder: the one on the PATH, or Debian's. */
export function jqInto(folder: string): void {
  if (attempted('jq', ['--version'])) return;
  const root = join(testCache, 'jq');
  const program = join(root, 'usr', 'bin', 'jq');
  const libraries = join(root, 'usr', 'lib', `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`);
  const env = { ...process.env, LD_LIBRARY_PATH: libraries };
  if (!attempted(program, ['--version'], undefined, env)) fromDebian('jq', ['jq', 'libjq1', 'libonig5']);
  writeFileSync(join(folder, 'jq'), `#!/bin/sh\nLD_LIBRARY_PATH=${libraries} exec ${program} "$@"\n`, { mode: 0o755 });
}

/** Links a program into a folder by another name. */
export function linkInto(folder: string, name: string, program: string): void {
  symlinkSync(program, join(folder, name));
}
