import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { draftBeside, removeDeadDrafts } from '../drafts.js';
import { reasonOf, TrawlError } from '../errors.js';
import { DatabaseSync } from '../sqlite-driver.js';

/** Describes the process that uses a data folder, for other commands. */
export interface InstanceInfo {
  pid: number;
  /** The command that started it: `up` or `collect`. */
  verb: string;
  /** Address of the embedded server; absent while it starts. */
  address?: string;
  /** The server's own id, with which other processes verify that it is the one that answers. */
  clusterId?: string;
  uiUrl?: string;
  /** Settings of the demo team that `up` runs; nothing in them is secret. */
  demoEnv?: Record<string, string>;
}

/** Lock on a data folder, which allows one embedded server at a time. */
interface InstanceLock {
  publish(info: Omit<InstanceInfo, 'pid' | 'verb'>): void;
  release(): void;
}

const infoPath = (dataDir: string) => join(dataDir, 'instance.json');

/**
 * Locks the data folder for this process.
 *
 * It is a lock of the operating system, held through an SQLite file. It ends with the process, however that ends, so it
 * is never stale.
 *
 * @throws TrawlError ALREADY_RUNNING if another process holds it.
 */
export function lockInstance(dataDir: string, verb: string): InstanceLock {
  let lock: InstanceType<typeof DatabaseSync>;
  try {
    mkdirSync(dataDir, { recursive: true });
    lock = new DatabaseSync(join(dataDir, 'instance.lock'), { timeout: 0 });
  } catch (error) {
    throw unusable(dataDir, error);
  }
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (!isBusy(error)) throw unusable(dataDir, error);
    const other = readInstance(dataDir);
    throw new TrawlError(
      'ALREADY_RUNNING',
      `Trawl is already running on ${dataDir}${other ? ` ("trawl ${other.verb}", process ${other.pid})` : ''}.`,
      {
        hint: `${other?.uiUrl ? `Its Temporal UI is at ${other.uiUrl}. ` : ''}End it with Ctrl-C where it was started, or use another TRAWL_DATA.`,
        cause: error,
      },
    );
  }
  const write = (info: Partial<InstanceInfo>) => {
    const path = infoPath(dataDir);
    const draft = draftBeside(path, 'new');
    try {
      removeDeadDrafts(path, 'new');
      writeFileSync(draft, JSON.stringify({ pid: process.pid, verb, ...info }), { flag: 'wx' });
      renameSync(draft, path);
    } catch (error) {
      rmSync(draft, { force: true });
      throw unusable(dataDir, error);
    }
  };
  write({});
  return {
    publish: write,
    release: () => lock.close(),
  };
}

/** True if another process holds the lock, as opposed to a folder that is full or cannot be written. */
function isBusy(error: unknown): boolean {
  return ((error as { errcode?: number }).errcode ?? 0) % 256 === 5;
}

function unusable(dataDir: string, error: unknown): TrawlError {
  const full = (error as NodeJS.ErrnoException).code === 'ENOSPC' || (error as { errcode?: number }).errcode === 13;
  const code = full ? 'STORE_FULL' : 'STORE_READ_ONLY';
  return new TrawlError(code, `The data folder ${dataDir} cannot be used: ${reasonOf(error)}.`, {
    hint: `Name another one in TRAWL_DATA, or ${full ? 'free some space there' : 'make this one writable'}.`,
    cause: error,
  });
}

/** The process that uses a data folder now; null if there is none. */
export function runningInstance(dataDir: string): InstanceInfo | null {
  let probe: InstanceType<typeof DatabaseSync> | undefined;
  try {
    probe = new DatabaseSync(join(dataDir, 'instance.lock'), { timeout: 0, readOnly: true });
    probe.exec('BEGIN; SELECT * FROM sqlite_master;');
    return null;
  } catch (error) {
    return isBusy(error) ? readInstance(dataDir) : null;
  } finally {
    probe?.close();
  }
}

/** The process that used a data folder last; null if unknown. */
export function readInstance(dataDir: string): InstanceInfo | null {
  try {
    return JSON.parse(readFileSync(infoPath(dataDir), 'utf8')) as InstanceInfo;
  } catch {
    return null;
  }
}
