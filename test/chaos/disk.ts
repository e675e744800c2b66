import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The store's folder: a small file system of its own if this machine allows one, so that a test can fill it and make it
 * read-only.
 */
export class Disk {
  readonly folder: string;
  /** True if it can be disturbed. */
  readonly small: boolean;

  private constructor(folder: string, small: boolean) {
    this.folder = folder;
    this.small = small;
  }

  static make(folder: string, sizeMb = 64): Disk {
    mkdirSync(folder, { recursive: true });
    return new Disk(folder, mount(['-t', 'tmpfs', '-o', `size=${sizeMb}m`, 'tmpfs', folder]));
  }

  /** Fills the disk. */
  fill(): void {
    const { bavail, bsize } = statfsSync(this.folder);
    for (let left = bavail * bsize; left >= 4_096; left = Math.floor(left / 2)) {
      try {
        writeFileSync(join(this.folder, 'filling'), Buffer.alloc(left), { flag: 'a' });
      } catch {
        // Another process was faster: fill the rest in smaller pieces.
      }
    }
  }

  clear(): void {
    rmSync(join(this.folder, 'filling'), { force: true });
  }

  /** Returns false if a process has files open for writing. */
  setReadOnly(readOnly: boolean): boolean {
    return mount(['-o', `remount,${readOnly ? 'ro' : 'rw'}`, this.folder]);
  }

  remove(): void {
    if (this.small) execFileSync('umount', ['-l', this.folder]);
  }
}

function mount(args: readonly string[]): boolean {
  try {
    execFileSync('mount', args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
