import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { readers } from '../../scripts/readers.mjs';

export interface Root {
  format: string;
  /** To be read of each row. */
  columns: readonly string[];
}

/** By reader: its rows, or why it has none. */
type Found = Readonly<Record<'pyarrow' | 'pandas' | 'polars' | 'duckdb', string[][] | string>>;

// Python keeps what it has compiled, which takes half of the time.
const env = { ...process.env, PYTHONPATH: readers, PYTHONWARNINGS: 'ignore', PYTHONDONTWRITEBYTECODE: '' };

/** What these versions of the readers find in each folder; null if `scripts/readers.mjs` has not installed them. */
export async function readRoots(
  roots: Readonly<Record<string, Root>>,
): Promise<Readonly<Record<string, Found>> | null> {
  if (!existsSync(readers)) return null;
  const child = spawn('python3', [fileURLToPath(new URL('read-roots.py', import.meta.url))], { env });
  const ended = once(child, 'close').catch(() => null);
  child.stdin.on('error', () => undefined).end(JSON.stringify(roots));
  const [output, problem] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const status = await ended;
  if (status === null || problem.trim() === 'absent') return null;
  if (status[0] !== 0) throw new Error(problem);
  return JSON.parse(output);
}
