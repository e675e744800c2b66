import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isAlive } from './processes.js';

/**
 * The path of an unfinished file beside `path`: `PATH.PID-RANDOM.END`. Nobody can guess it and put a symbolic link there
 * first. Create it exclusively (`wx`), which follows no link either.
 */
export function draftBeside(path: string, end = 'part'): string {
  return `${path}.${draftMark()}.${end}`;
}

/** The part of a draft's name that nobody can guess: `PID-RANDOM`. */
export function draftMark(): string {
  return `${process.pid}-${randomBytes(12).toString('hex')}`;
}

/** Removes the drafts beside `path` that dead processes left behind, with the journals that SQLite keeps of them. */
export function removeDeadDrafts(path: string, end = 'part'): void {
  const [folder, name] = [dirname(path), basename(path)];
  for (const other of namesIn(folder)) {
    const [, pid] = (other.startsWith(`${name}.`) && ofDraft.exec(other.slice(name.length))) || [];
    const isOurs = other.endsWith(`.${end}`) || other.endsWith(`.${end}-journal`);
    if (pid !== undefined && isOurs && !isAlive(Number(pid))) removeIfPossible(join(folder, other));
  }
}

/** In a folder that others may write to, someone can leave what cannot be removed. Nothing depends on it. */
function removeIfPossible(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // It stays.
  }
}

/** Earlier versions had no random part. */
const ofDraft = /^\.(\d+)(?:-[0-9a-f]+)?\.[a-z]+(?:-journal)?$/;

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
