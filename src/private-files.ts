import { chmodSync, lstatSync, readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** Who may read the files that Trawl makes for itself, by their mode. */
export const fileModes = ['0600', '0640'] as const;
export type FileMode = (typeof fileModes)[number];

const umasks: Record<FileMode, number> = { '0600': 0o077, '0640': 0o027 };
const ofOthers = 0o007;

let inheritedUmask: number | undefined;

/**
 * Closes whatever this process and its children make from now on, from its first byte. Once for the process, so that
 * no place can be forgotten: SQLite and the Temporal server make files of their own.
 */
export function makeFilesPrivate(mode: FileMode): void {
  const before = process.umask(umasks[mode]);
  inheritedUmask ??= before;
}

/** For files that are meant for other programs: the mode that the user's own umask leaves of this one. */
export function sharedMode(mode: number): number {
  return mode & ~(inheritedUmask ?? process.umask());
}

/** What Trawl makes in its data folder, where others may have put files of their own. */
const inDataFolder = /^(trawl\.db|temporal\.|instance\.|demo-team\.json)/;

export interface Closed {
  closed: string[];
  /** Those that belong to another user. */
  refused: string[];
}

/** Takes the rights of others from the files of earlier versions. A group keeps what it was given. */
export function closeToOthers(dataDir: string, store?: string): Closed {
  const paths = [...(isShared(dataDir) ? [] : [dataDir]), ...filesIn(dataDir, (name) => inDataFolder.test(name))];
  if (store) paths.push(...filesIn(dirname(store), (name) => name.startsWith(basename(store))));
  const found: Closed = { closed: [], refused: [] };
  for (const path of new Set(paths)) {
    const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
    if ((mode & ofOthers) === 0) continue;
    try {
      chmodSync(path, mode & 0o7777 & ~ofOthers);
      found.closed.push(path);
    } catch {
      found.refused.push(path);
    }
  }
  return found;
}

/** A folder such as /tmp, or somebody's home, is more than a data folder. */
function isShared(folder: string): boolean {
  const stats = lstatSync(folder, { throwIfNoEntry: false });
  return !stats?.isDirectory() || (stats.mode & 0o1000) !== 0 || folder === homedir() || folder === dirname(folder);
}

/** No links: they may lead to anybody's files. */
function filesIn(folder: string, isOurs: (name: string) => boolean): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isFile() && isOurs(entry.name)).map(({ name }) => join(folder, name));
  } catch {
    // It is not there yet, or whoever opens the store says what is wrong.
    return [];
  }
}
