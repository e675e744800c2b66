import { lstatSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reasonOf, TrawlError } from '../errors.js';
import { isAlive } from '../processes.js';

const prefix = 'trawl-archive-';

/**
 * A temporary folder (0700), which is gone when this process ends; one that was killed leaves it to the next.
 * @throws TrawlError QUERY_REFUSED
 */
export function temporaryFolder(): { path: string; remove(): void } {
  try {
    const parent = realpathSync(tmpdir());
    removeDead(parent);
    const path = mkdtempSync(join(parent, `${prefix}${process.pid}-`));
    const remove = () => rmSync(path, { recursive: true, force: true, maxRetries: 3 });
    process.once('exit', remove);
    return { path, remove };
  } catch (error) {
    throw cannotWrite(tmpdir(), error);
  }
}

/** Writes a file into it. @throws TrawlError QUERY_REFUSED */
export async function writeTemporary(path: string, bytes: Uint8Array): Promise<void> {
  await writeFile(path, bytes, { flag: 'wx', mode: 0o600 }).catch((error: unknown) => {
    throw cannotWrite(path, error);
  });
}

function cannotWrite(path: string, cause: unknown): TrawlError {
  return new TrawlError('QUERY_REFUSED', `Temporary files cannot be written to ${path}: ${reasonOf(cause)}.`, {
    hint: 'Free some space there, or name another folder in TMPDIR.',
    cause,
  });
}

/** Removes the folders of this user's processes that have been killed. */
function removeDead(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    const path = join(parent, name);
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats?.isDirectory() && stats.uid === process.getuid?.()) rmSync(path, { recursive: true, force: true });
  }
}
