import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type DatabaseSyncInstance, type StatementSyncInstance } from '@photostructure/sqlite';
import { reasonOf, TrawlError } from '../../errors.js';
import { storeOlder } from '../older.js';
import { Checkpointer } from './checkpointer.js';
import { eventIdDigest } from './event-ids.js';
import { migrations } from './migrations.js';
import { requireNoneLeftBehind } from './side-files.js';

export type SqlValue = string | number | bigint | Uint8Array | null;

/**
 * Another process's transaction is waited for this long before STORE_BUSY. Nothing else happens in this process
 * meanwhile, so it must be well under the heartbeat time-out of the activities.
 */
const busyTimeoutMs = 2_000;
/** Another process that migrates the file is waited for so long: a process that starts has nothing else to do. */
const migratingMaxMs = 60_000;

/**
 * Memory for pages of the file: a transaction that does not fit is written out in part, and once more when it is
 * committed. KiB.
 */
const cacheKib = 16 * 1024;
/**
 * The WAL is written back into the file when it has so many pages of 4 KiB: what is changed in every transaction, as
 * staged pages and the inner pages of indexes are, is then written back once, not each time.
 */
const walPages = 8_192;
/** Where the thread that does so does not come to it. */
const walPagesMax = 4 * walPages;

/**
 * `read` opens a file that cannot be written to at the moment for reading, for good. `write` opens it as soon as it can
 * be written to: each call until then fails with STORE_READ_ONLY or STORE_BUSY. `look` opens a file that is there, and
 * changes nothing, not even where it is of an earlier version.
 */
export type SqliteAccess = 'read' | 'write' | 'look';

/**
 * One SQLite file, opened, migrated and with its statements prepared once.
 *
 * Calls are synchronous, so a transaction is never interleaved with another of this process; WAL lets other programs
 * read meanwhile, and `synchronous = FULL` makes a commit survive a power cut.
 */
export class SqliteDatabase {
  readonly #statements = new Map<string, StatementSyncInstance>();
  readonly #path: string;
  readonly #access: SqliteAccess;
  readonly #checkpointer: Checkpointer;
  #open: DatabaseSyncInstance | undefined;

  /**
   * @throws TrawlError STORE_NEWER where a later version has migrated the file, STORE_OLDER where `look` finds one that
   *   is still to be migrated, or as `Store` says.
   */
  constructor(path: string, access: SqliteAccess = 'read') {
    this.#path = path;
    this.#access = access;
    this.#checkpointer = new Checkpointer(path, walPages);
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
      // Before the first table; a file that has some keeps what it has.
      if (!readOnly) db.exec('PRAGMA auto_vacuum = INCREMENTAL');
      // Before anything is prepared: a connection with statements goes on living, read-only, after it is closed, and
      // the next one of this process would share its read-only index of the WAL. BEGIN alone says nothing: on a
      // read-only file it begins a reading transaction.
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
    db.exec(`PRAGMA synchronous = FULL; PRAGMA cache_size = -${cacheKib}; PRAGMA wal_autocheckpoint = ${walPagesMax}`);
    const version = (): number => Number(db.prepare('PRAGMA user_version').get().user_version);
    if (version() > migrations.length) {
      throw new TrawlError(
        'STORE_NEWER',
        `${this.#path} was written by a newer version of Trawl (schema ${version()}, this one knows ${migrations.length}).`,
        {
          hint: 'Upgrade this installation, or name another file in TRAWL_STORE.',
        },
      );
    }
    if (version() === migrations.length) {
      if (this.#access !== 'look') keepWal(db);
      return;
    }
    if (this.#access === 'look') throw storeOlder(this.#path, version(), migrations.length);
    useWal(db);
    // Two processes may start at once: the second waits here, and finds the work done.
    db.exec(`PRAGMA busy_timeout = ${migratingMaxMs}`);
    inTransaction(db, () => {
      for (let from = version(); from < migrations.length; from += 1) db.exec(migrations[from]!);
      db.exec(`PRAGMA user_version = ${migrations.length}`);
    });
    db.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
    // It may be as large as the file now. Where somebody reads there, it stays so.
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  }

  all<Row>(sql: string, ...values: SqlValue[]): Row[] {
    return this.#translated(() => this.#statement(sql).all(...values)) as Row[];
  }

  /** The rows as arrays of their columns, which takes two thirds of the time where there are many. */
  arrays(sql: string, ...values: SqlValue[]): unknown[][] {
    return this.#translated(() => this.#statement(sql, true).all(...values)) as unknown[][];
  }

  get<Row>(sql: string, ...values: SqlValue[]): Row | undefined {
    return this.#translated(() => this.#statement(sql).get(...values)) as Row | undefined;
  }

  /** How many rows the statement changed. */
  run(sql: string, ...values: SqlValue[]): number {
    return this.#translated(() => this.#statement(sql).run(...values).changes);
  }

  /** Runs `body` in one write transaction; whatever it throws undoes it. */
  transaction<T>(body: () => T): T {
    return this.#translated(() => this.#committed(body));
  }

  /**
   * As `transaction`, without waiting for the disk: it survives the end of this process, however sudden, but a power cut
   * may undo it, with all that came after it. For what can be had again.
   */
  lightTransaction<T>(body: () => T): T {
    return this.#translated(() => {
      const db = this.#db;
      db.exec('PRAGMA synchronous = NORMAL');
      try {
        return this.#committed(body);
      } finally {
        db.exec('PRAGMA synchronous = FULL');
      }
    });
  }

  /** Of the file, and of what has not been written back to it. */
  sizeBytes(): number {
    return [this.#path, `${this.#path}-wal`].reduce(
      (bytes, path) => bytes + (statSync(path, { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
  }

  /** @returns what is to be waited for, where something is. */
  close(): Promise<void> | undefined {
    const ending = this.#checkpointer.close();
    this.#statements.clear();
    if (this.#open?.isOpen) this.#open.close();
    return ending;
  }

  #committed<T>(body: () => T): T {
    const db = this.#db;
    const result = inTransaction(db, body);
    this.#checkpointer.committed(db);
    return result;
  }

  #statement(sql: string, asArrays = false): StatementSyncInstance {
    const key = asArrays ? `arrays: ${sql}` : sql;
    let statement = this.#statements.get(key);
    if (!statement) {
      statement = this.#db.prepare(sql);
      if (asArrays) statement.setReturnArrays(true);
      this.#statements.set(key, statement);
    }
    return statement;
  }

  #translated<T>(body: () => T): T {
    try {
      return body();
    } catch (error) {
      throw storeError(error, this.#path);
    }
  }
}

const readOnlyMoved = 1032;

/** Needs the file for itself for a moment, which SQLite does not wait for. */
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

/** A backup has no WAL, and neither has a store that was restored. One that cannot be written to stays as it is. */
function keepWal(db: DatabaseSyncInstance): void {
  try {
    if ((db.prepare('PRAGMA journal_mode').get() as { journal_mode: string }).journal_mode !== 'wal') useWal(db);
  } catch (error) {
    const result = (error as { errcode?: number }).errcode ?? 0;
    // The file was replaced while this connection waited for it.
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
    // A full disk may have ended the transaction already.
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/** SQLite's primary result codes that a person can do something about. */
const translations: Record<number, { code: ConstructorParameters<typeof TrawlError>[0]; what: string; hint: string }> =
  {
    5: {
      code: 'STORE_BUSY',
      what: 'is locked by another process',
      hint: 'End the program that holds it open for writing; the first start after an upgrade may take minutes, though.',
    },
    6: { code: 'STORE_BUSY', what: 'is locked', hint: 'End the program that holds it open for writing.' },
    8: {
      code: 'STORE_READ_ONLY',
      what: 'cannot be written to',
      hint: 'Make the file, its -wal and -shm and their folder writable for this user.',
    },
    10: { code: 'STORE_FAILED', what: 'failed to be read or written', hint: 'Look at the disk and the system log.' },
    11: {
      code: 'STORE_CORRUPT',
      what: 'is damaged',
      hint: 'Restore it from a backup; or save what it has with "sqlite3 FILE .recover", and copy that by "trawl store copy".',
    },
    13: { code: 'STORE_FULL', what: 'has no room left', hint: 'Free disk space: collecting goes on by itself then.' },
    14: {
      code: 'STORE_FAILED',
      what: 'cannot be opened',
      hint: 'See that its folder exists and that this user may write to it, or name another file in TRAWL_STORE.',
    },
    26: {
      code: 'STORE_CORRUPT',
      what: 'is no SQLite database',
      hint: 'Name another file in TRAWL_STORE, or move this one away.',
    },
  };

function storeError(error: unknown, path: string): TrawlError {
  if (error instanceof TrawlError) return error;
  const result = (error as { errcode?: number }).errcode;
  const system = (error as NodeJS.ErrnoException).code;
  const known = result !== undefined ? translations[result & 0xff] : undefined;
  if (known) {
    return new TrawlError(known.code, `The store ${path} ${known.what} (${reasonOf(error)}).`, {
      hint: known.hint,
      cause: error,
    });
  }
  if (system === 'EACCES' || system === 'EROFS' || system === 'ENOSPC' || system === 'ENOTDIR' || system === 'EEXIST') {
    return new TrawlError(
      system === 'ENOSPC' ? 'STORE_FULL' : 'STORE_READ_ONLY',
      `The store's folder ${dirname(path)} cannot be made: ${reasonOf(error)}.`,
      {
        hint: 'Name another place in TRAWL_DATA or TRAWL_STORE, or make this one writable.',
        cause: error,
      },
    );
  }
  return new TrawlError('STORE_FAILED', `The store ${path} failed: ${reasonOf(error)}.`, {
    hint: 'Nothing was written; report this with the message above.',
    cause: error,
  });
}
