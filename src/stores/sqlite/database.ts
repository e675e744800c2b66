import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { TrawlError } from '../../errors.js';
import { DatabaseSync, type DatabaseSyncInstance, type StatementSyncInstance } from '../../sqlite-driver.js';
import { storeOlder } from '../errors.js';
import { finish, plainText, type SqlValue, type Statement, type Steps } from '../sql/steps.js';
import { Checkpointer, pageBytesOf, writeBack } from './checkpointer.js';
import { sqliteError } from './errors.js';
import { eventIdDigest } from './event-ids.js';
import { backupMark, migrations } from './migrations.js';
import { requireNoneLeftBehind } from './side-files.js';

/**
 * Longest wait for another process's transaction before STORE_BUSY; ms. The wait blocks this process, so it must be
 * well below the heartbeat time-out of the activities.
 */
const busyTimeoutMs = 2_000;
/** Longest wait for another process's migration; ms. A starting process has nothing else to do. */
const migratingMaxMs = 60_000;

/**
 * Page cache, in KiB. A transaction that does not fit is spilled to disk, and written again when it commits.
 */
const cacheKib = 16 * 1024;
/** Page size of a new file. An event takes about 1 KiB: with SQLite's default of 4 KiB, a page of events costs four times as many writes. */
const pageBytes = 16 * 1024;
/**
 * The WAL is written back into the file at this size. Pages that change in every transaction, such as staged pages and
 * inner index pages, are then written back once rather than each time.
 */
const walBytes = 32 * 1024 * 1024;
/** A larger file is not rewritten, since that blocks the process. */
export const rewrittenBytesMax = 400 * 1024 * 1024;
/** Limit at which SQLite does so itself, if the thread cannot keep up. */
const walBytesMax = 4 * walBytes;

/**
 * `read` opens a file that is not writable at the moment for reading, permanently. `write` opens it once it becomes
 * writable: until then, each call fails with STORE_READ_ONLY or STORE_BUSY. `look` opens an existing file and changes
 * nothing, so it does not migrate an outdated one.
 */
export type SqliteAccess = 'read' | 'write' | 'look';

/**
 * An opened and migrated SQLite file. Statements are prepared once.
 *
 * Calls are synchronous, so transactions of this process never interleave. WAL lets other programs read meanwhile, and
 * `synchronous = FULL` makes a commit survive a power cut.
 */
export class SqliteDatabase {
  readonly #statements = new Map<string, StatementSyncInstance>();
  readonly #path: string;
  readonly #access: SqliteAccess;
  readonly #checkpointer: Checkpointer;
  #open: DatabaseSyncInstance | undefined;
  #hasWritten = false;

  /**
   * @throws TrawlError STORE_NEWER if a newer version has migrated the file, STORE_OLDER if `look` finds an outdated
   *   file, or as documented in `Store`
   */
  constructor(path: string, access: SqliteAccess = 'read') {
    this.#path = path;
    this.#access = access;
    this.#checkpointer = new Checkpointer(path, walBytes);
    try {
      this.#translated(() => this.#db);
    } catch (error) {
      const passes = error instanceof TrawlError && (error.code === 'STORE_READ_ONLY' || error.code === 'STORE_BUSY');
      if (access !== 'write' || !passes || !existsSync(path)) throw error;
    }
  }

  get #db(): DatabaseSyncInstance {
    if (this.#open?.isOpen) return this.#open;
    const readOnly = this.#access === 'look';
    requireNoneLeftBehind(this.#path);
    if (!readOnly) mkdirSync(dirname(this.#path), { recursive: true });
    const db = new DatabaseSync(this.#path, { timeout: busyTimeoutMs, readOnly });
    try {
      db.function('event_id_digest', { deterministic: true }, eventIdDigest);
      db.function('clock_ms', () => Date.now());
      // Both take effect only before the first table is created.
      if (!readOnly) db.exec(`PRAGMA page_size = ${pageBytes}; PRAGMA auto_vacuum = INCREMENTAL`);
      // Must come before any statement is prepared: a connection with statements lives on, read-only, after it is
      // closed, and the next connection of this process would share its read-only WAL index. BEGIN alone proves
      // nothing: on a read-only file it begins a read transaction.
      if (this.#access === 'write') db.exec('BEGIN IMMEDIATE; CREATE TABLE can_be_written (x); ROLLBACK');
      this.#prepareFile(db);
    } catch (error) {
      db.close();
      throw error;
    }
    this.#open = db;
    return db;
  }

  #prepareFile(db: DatabaseSyncInstance): void {
    const walPagesMax = Math.ceil(walBytesMax / pageBytesOf(db));
    db.exec(`PRAGMA synchronous = FULL; PRAGMA cache_size = -${cacheKib}; PRAGMA wal_autocheckpoint = ${walPagesMax}`);
    const version = (): number => Number(db.prepare('PRAGMA user_version').get().user_version);
    if (version() > migrations.length) {
      throw new TrawlError(
        'STORE_NEWER',
        `${this.#path} was written by a newer version of Trawl (schema ${version()}, this one knows ${migrations.length}).`,
        {
          hint: 'Upgrade this installation, or set TRAWL_STORE to another file.',
        },
      );
    }
    if (version() === migrations.length) {
      if (this.#access !== 'look') keepWal(db);
      return;
    }
    if (this.#access === 'look') throw storeOlder(this.#path, version(), migrations.length);
    useWal(db);
    // Two processes may start at once: the second one waits here and then finds nothing left to do.
    db.exec(`PRAGMA busy_timeout = ${migratingMaxMs}`);
    inTransaction(db, () => {
      for (let from = version(); from < migrations.length; from += 1) db.exec(migrations[from]!);
      db.exec(`PRAGMA user_version = ${migrations.length}`);
    });
    db.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
    // The WAL may now be as large as the file. It keeps that size if another process is reading.
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  }

  all<Row>(sql: string, ...values: SqlValue[]): Row[] {
    return this.#translated(() => this.#statement(sql).all(...bound(values))) as Row[];
  }

  /** Returns rows as arrays of columns, which takes two thirds of the time for many rows. */
  arrays(sql: string, ...values: SqlValue[]): unknown[][] {
    return this.#translated(() => this.#statement(sql, true).all(...bound(values))) as unknown[][];
  }

  get<Row>(sql: string, ...values: SqlValue[]): Row | undefined {
    return this.#translated(() => this.#statement(sql).get(...bound(values))) as Row | undefined;
  }

  /** Returns the number of rows changed. */
  run(sql: string, ...values: SqlValue[]): number {
    return this.#translated(() => this.#statement(sql).run(...bound(values)).changes);
  }

  /** Runs an operation to its end. */
  finish<T>(steps: Steps<T>): T {
    return this.#translated(() => finish(steps, (statement) => this.#answer(statement)));
  }

  #answer(statement: Statement): unknown {
    const prepared = this.#statement(statement.sql);
    if (!('values' in statement)) {
      let changes = 0;
      for (const row of statement.rows as Iterable<readonly SqlValue[]>) changes += prepared.run(...bound(row)).changes;
      return changes;
    }
    const values = bound(statement.values);
    if (statement.gives === 'rows') return prepared.all(...values);
    return statement.gives === 'row' ? prepared.get(...values) : prepared.run(...values).changes;
  }

  /**
   * Runs `body` in one write transaction; an error rolls it back.
   * @param light does not wait for the disk (see `Dialect.transaction`)
   */
  transaction<T>(body: () => T, light = false): T {
    return this.#translated(() => {
      const db = this.#db;
      if (light) db.exec('PRAGMA synchronous = NORMAL');
      try {
        const result = inTransaction(db, body);
        this.#hasWritten = true;
        this.#checkpointer.committed(db);
        return result;
      } finally {
        if (light) db.exec('PRAGMA synchronous = FULL');
      }
    });
  }

  /** See `Dialect.leavingNothing`. */
  async leavingNothing<T>(work: () => Promise<T>): Promise<T> {
    this.#translated(() => this.#db.exec('PRAGMA secure_delete = ON'));
    try {
      const result = await work();
      this.#overwriteRest();
      return result;
    } finally {
      this.#translated(() => this.#db.exec('PRAGMA secure_delete = OFF'));
    }
  }

  /** Pages that were once divided have copies of rows in their free room, and the WAL has pages as they were. */
  #overwriteRest(): void {
    try {
      if (this.sizeBytes() <= rewrittenBytesMax) this.#db.exec('VACUUM');
      this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch {
      // Another process is writing, or there is no room: the rows are gone in any case.
    }
  }

  isBackup(): boolean {
    return this.get<{ application_id: number }>('PRAGMA application_id')?.application_id === backupMark;
  }

  endBackup(): void {
    this.run('PRAGMA application_id = 0');
  }

  /** Size of the file and its WAL. */
  sizeBytes(): number {
    return [this.#path, `${this.#path}-wal`].reduce(
      (bytes, path) => bytes + (statSync(path, { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
  }

  /**
   * Leaves everything in the file itself, so that a copy of it alone lacks nothing. SQLite would see to that if the driver
   * ended the statements, too.
   * @returns a promise to await; undefined if there is nothing to wait for
   */
  close(): Promise<void> | undefined {
    const ending = this.#checkpointer.close();
    if (ending) return ending.then(() => this.#close());
    this.#close();
    return undefined;
  }

  #close(): void {
    this.#statements.clear();
    if (!this.#open?.isOpen) return;
    if (this.#hasWritten) writeBack(this.#open);
    this.#open.close();
  }

  #statement(sql: string, asArrays = false): StatementSyncInstance {
    const key = asArrays ? `arrays: ${sql}` : sql;
    let statement = this.#statements.get(key);
    if (!statement) {
      // The driver would take `$1` for a name and bind names in the order of their occurrence.
      statement = this.#db.prepare(sql.replace(/\$(?=\d)/g, '?'));
      if (asArrays) statement.setReturnArrays(true);
      this.#statements.set(key, statement);
    }
    return statement;
  }

  #translated<T>(body: () => T): T {
    try {
      return body();
    } catch (error) {
      throw sqliteError(error, this.#path);
    }
  }
}

const readOnlyMoved = 1032;

type Bound = string | number | bigint | Uint8Array | null;

/** Converts values for the driver, which cuts a text at NUL. Most values need no change and are not copied. */
function bound(values: readonly SqlValue[]): readonly Bound[] {
  for (const value of values) if (!isBound(value)) return values.map(boundValue);
  return values as readonly Bound[];
}

function isBound(value: SqlValue): value is Bound {
  if (typeof value === 'string') return value === '' || !value.includes('\0');
  return typeof value !== 'boolean' && !Array.isArray(value);
}

function boundValue(value: SqlValue): Bound {
  if (isBound(value)) return value;
  if (typeof value === 'string') return plainText(value);
  return typeof value === 'boolean' ? Number(value) : JSON.stringify((value as readonly string[]).map(plainText));
}

/** Switching to WAL needs exclusive access for a moment, and SQLite does not wait for that. */
function useWal(db: DatabaseSyncInstance): void {
  const untilMs = performance.now() + busyTimeoutMs;
  for (;;) {
    try {
      db.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if (((error as { errcode?: number }).errcode ?? 0) % 256 !== 5 || performance.now() > untilMs) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
}

/** Restores WAL mode, which backups and restored stores lack. A file that is not writable stays as it is. */
function keepWal(db: DatabaseSyncInstance): void {
  try {
    if ((db.prepare('PRAGMA journal_mode').get() as { journal_mode: string }).journal_mode !== 'wal') useWal(db);
  } catch (error) {
    const result = (error as { errcode?: number }).errcode ?? 0;
    // Fails with readOnlyMoved if the file was replaced while this connection waited for it.
    if (result === readOnlyMoved || ![5, 8].includes(result & 0xff)) throw error;
  }
}

function inTransaction<T>(db: DatabaseSyncInstance, body: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = body();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    // A full disk may already have ended the transaction.
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}
