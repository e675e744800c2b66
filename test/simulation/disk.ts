import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '../../src/sqlite-driver.js';
import { SqliteStore } from '../../src/stores/sqlite/store.js';
import { Commits } from './commits.js';
import type { Random } from './random.js';

/** In memory if the system has such a place: a history waits for the disk several hundred times. */
const place = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** The folder of all histories, with a store that is empty. */
export class Disks {
  readonly #folder = mkdtempSync(join(place, 'trawl-simulation-'));
  readonly #commits = new Commits();
  #made = 0;

  constructor() {
    void new SqliteStore(join(this.#folder, 'empty.db')).close();
  }

  make(): Disk {
    this.#made += 1;
    const folder = join(this.#folder, String(this.#made));
    mkdirSync(folder);
    copyFileSync(join(this.#folder, 'empty.db'), join(folder, '1.db'));
    return new Disk(folder, this.#commits);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 50, retryDelay: 20 });
  }
}

/** The disk of one history. */
export class Disk {
  readonly #folder: string;
  readonly #commits: Commits;
  #cuts = 1;
  #copies = 0;
  /** Size of the write-ahead log that is surely on the disk. */
  #durableBytes = 0;
  #writtenBytes = 0;

  constructor(folder: string, commits: Commits) {
    this.#folder = folder;
    this.#commits = commits;
  }

  get #path(): string {
    return join(this.#folder, `${this.#cuts}.db`);
  }

  open(): SqliteStore {
    return new SqliteStore(this.#path);
  }

  /** Looks whether a call of the store has written anything. One that waits for the disk puts everything before it there. */
  wrote(): void {
    const bytes = this.#walBytes();
    const isLight = this.#commits.takeLight();
    if (bytes !== this.#writtenBytes && !isLight) this.#durableBytes = bytes;
    this.#writtenBytes = bytes;
  }

  /** Loses some or all of what was written but not yet on the disk. */
  cutPower(random: Random): void {
    const before = this.#path;
    const kept = random.int(Math.min(this.#durableBytes, this.#walBytes()), this.#walBytes());
    this.#cuts += 1;
    copyFileSync(before, this.#path);
    if (!existsSync(`${before}-wal`)) return;
    copyFileSync(`${before}-wal`, `${this.#path}-wal`);
    truncateSync(`${this.#path}-wal`, kept);
    this.#durableBytes = kept;
    this.#writtenBytes = kept;
  }

  query<Row>(sql: string): Row[] {
    const db = new DatabaseSync(this.#path, { readOnly: true });
    try {
      return db.prepare(sql).all() as Row[];
    } finally {
      db.close();
    }
  }

  /** The same of what a power cut would leave now; undefined if it would take nothing. */
  querySurviving<Row>(sql: string): Row[] | undefined {
    if (this.#durableBytes >= this.#walBytes()) return undefined;
    // A name of its own: a connection that was closed lives on until its statements are collected.
    this.#copies += 1;
    const path = join(this.#folder, `surviving-${this.#copies}.db`);
    copyFileSync(this.#path, path);
    copyFileSync(`${this.#path}-wal`, `${path}-wal`);
    truncateSync(`${path}-wal`, this.#durableBytes);
    const db = new DatabaseSync(path);
    try {
      return db.prepare(sql).all() as Row[];
    } finally {
      db.close();
      for (const ending of ['', '-wal', '-shm']) rmSync(`${path}${ending}`, { force: true });
    }
  }

  /** Changes the store by hand. */
  change(sql: string): void {
    const db = new DatabaseSync(this.#path);
    try {
      db.exec(sql);
    } finally {
      db.close();
    }
    this.wrote();
  }

  remove(): void {
    // A store that was closed may still be writing its WAL back.
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 50, retryDelay: 20 });
  }

  #walBytes(): number {
    return statSync(`${this.#path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  }
}
