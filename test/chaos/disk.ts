import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The store's folder: a small file system of its own where this machine lets us make one, so that it can be filled and made read-only. */
export class Disk {
  readonly folder: string;
  /** Whether it can be disturbed. */
  readonly small: boolean;

  private constructor(folder: string, small: boolean) {
    this.folder = folder;
    this.small = small;
  }

  static make(folder: string, sizeMb = 64): Disk {
    mkdirSync(folder, { recursive: true });
    return new Disk(folder, mount(['-t', 'tmpfs', '-o', `size=${sizeMb}m`, 'tmpfs', folder]));
  }

  /** Leaves no room. */
  fill(): void {
    const { bavail, bsize } = statfsSync(this.folder);
    for (let left = bavail * bsize; left >= 4_096; left = Math.floor(left / 2)) {
      try {
        writeFileSync(join(this.folder, 'filling'), Buffer.alloc(left), { flag: 'a' });
      } catch {
        // Somebody else was faster: the rest is tried in smaller pieces.
      }
    }
  }

  clear(): void {
    rmSync(join(this.folder, 'filling'), { force: true });
  }

  /** False where something has files open for writing. */
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
