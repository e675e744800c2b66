import { chmodSync, lstatSync, readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** Modes that the files Trawl makes for itself can have. */
export const fileModes = ['0600', '0640'] as const;
export type FileMode = (typeof fileModes)[number];

const umasks: Record<FileMode, number> = { '0600': 0o077, '0640': 0o027 };
const ofOthers = 0o007;

let inheritedUmask: number | undefined;

/**
 * Makes every file that this process and its children create from now on private from its first byte. It is set once,
 * for the whole process, so that no file is missed: SQLite and the Temporal server create files of their own.
 */
export function makeFilesPrivate(mode: FileMode): void {
  const before = process.umask(umasks[mode]);
  inheritedUmask ??= before;
}

/** Applies the user's own umask to a mode, for files that other programs should read. */
export function sharedMode(mode: number): number {
  return mode & ~(inheritedUmask ?? process.umask());
}

/** Trawl's files in its data folder, which may contain other files too. */
const inDataFolder = /^(trawl\.db|temporal\.|instance\.|demo-team\.json|query-history)/;

interface Closed {
  closed: string[];
  /** Files that belong to another user. */
  refused: string[];
}

/** Removes other users' rights from the files of earlier versions. Rights of the group stay. */
export function closeToOthers(dataDir: string, store?: string): Closed {
  const paths = [...(isShared(dataDir) ? [] : [dataDir]), ...filesIn(dataDir, (name) => inDataFolder.test(name))];
  if (store) paths.push(...filesIn(dirname(store), (name) => name.startsWith(basename(store))));
  const found: Closed = { closed: [], refused: [] };
  for (const path of new Set(paths)) {
    try {
      const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
      if ((mode & ofOthers) === 0) continue;
      chmodSync(path, mode & 0o7777 & ~ofOthers);
      found.closed.push(path);
    } catch {
      found.refused.push(path);
    }
  }
  return found;
}

/** True for a folder that is more than a data folder, such as /tmp or the user's home. */
function isShared(folder: string): boolean {
  try {
    const stats = lstatSync(folder);
    return !stats.isDirectory() || (stats.mode & 0o1000) !== 0 || folder === homedir() || folder === dirname(folder);
  } catch {
    // There is no such folder, or none that this user can look into, or the user has no home.
    return true;
  }
}

/** Leaves out symbolic links: they may lead to other files. */
function filesIn(folder: string, isOurs: (name: string) => boolean): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isFile() && isOurs(entry.name)).map(({ name }) => join(folder, name));
  } catch {
    // The folder does not exist yet, or opening the store reports what is wrong.
    return [];
  }
}
