// Installs the readers of files that test/properties/formats/readers.test.ts tries, and what docs/audit/verify.py needs, beside
// the machine's own packages. Where
// they cannot be had, the test says so and is skipped.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

const packages = ['cryptography==48.0.0', 'duckdb==2.0.1', 'pandas==3.1.1', 'polars==2.1.0', 'pyarrow==26.0.1'];

/** A folder for Python's path. Its name has the versions, so that others are installed anew. */
export const readers = join(
  homedir(),
  '.cache',
  'trawl',
  'test',
  `readers-${packages.join('-').replaceAll('==', '-')}`,
);

if (process.argv[1] === import.meta.filename && !existsSync(readers)) {
  const draft = `${readers}-${process.pid}`;
  mkdirSync(dirname(readers), { recursive: true });
  const options = [
    '--quiet',
    '--retries',
    '1',
    '--disable-pip-version-check',
    '--no-compile',
    '--only-binary',
    ':all:',
  ];
  const { status } = spawnSync('python3', ['-m', 'pip', 'install', ...options, '--target', draft, ...packages], {
    stdio: ['ignore', 'ignore', 'ignore'],
    timeout: 180_000,
  });
  if (status === 0 && !existsSync(readers)) renameSync(draft, readers);
  rmSync(draft, { recursive: true, force: true });
}
