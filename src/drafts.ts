import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { isAlive } from './processes.js';

/** A draft of another machine or container is taken for dead when nobody has written to it for so long. */
const strangeMaxMs = 24 * 60 * 60_000;

/**
 * The path of an unfinished file beside `path`: `PATH.PID-PLACE-RANDOM.END`. Nobody can guess it and put a symbolic link
 * there first. Create it exclusively (`wx`), which follows no link either.
 */
export function draftBeside(path: string, end = 'part'): string {
  return `${path}.${draftMark()}.${end}`;
}

/** The part of a draft's name that nobody can guess: `PID-PLACE-RANDOM`. */
export function draftMark(): string {
  return `${process.pid}-${placeOfProcesses()}-${randomBytes(12).toString('hex')}`;
}

let known: string | undefined;

/**
 * Tells apart the places where ids of processes mean the same: machines between two starts and, on Linux, containers. They
 * may share a folder, where the id of a living process of one is that of no process of another.
 */
function placeOfProcesses(): string {
  known ??= createHash('sha256').update([hostname(), bootId(), pidNamespace()].join('\n')).digest('hex').slice(0, 8);
  return known;
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8');
  } catch {
    return '';
  }
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/**
 * Removes the drafts beside `path` that dead processes left behind, with the journals that SQLite keeps of them. Whether a
 * process of another place is dead cannot be seen; its drafts are removed after a day.
 */
export function removeDeadDrafts(path: string, end = 'part'): void {
  const [folder, name] = [dirname(path), basename(path)];
  for (const other of namesIn(folder)) {
    const [, pid, place] = (other.startsWith(`${name}.`) && ofDraft.exec(other.slice(name.length))) || [];
    const isOurs = other.endsWith(`.${end}`) || other.endsWith(`.${end}-journal`);
    if (pid === undefined || !isOurs) continue;
    const isDead = place === placeOfProcesses() ? !isAlive(Number(pid)) : isOld(join(folder, other));
    if (isDead) removeIfPossible(join(folder, other));
  }
}

function isOld(path: string): boolean {
  const { mtimeMs } = lstatSync(path, { throwIfNoEntry: false }) ?? { mtimeMs: Number.POSITIVE_INFINITY };
  return Date.now() - mtimeMs > strangeMaxMs;
}

/** In a folder that others may write to, someone can leave what cannot be removed. Nothing depends on it. */
function removeIfPossible(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // It stays.
  }
}

/** Earlier versions named no place, and still earlier ones had no random part. */
const ofDraft = /^\.(\d+)(?:-([0-9a-f]{8})(?=-))?(?:-[0-9a-f]+)?\.[a-z]+(?:-journal)?$/;

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
