import { Worker } from 'node:worker_threads';
import { type DatabaseSyncInstance, sqliteDriverPath } from '../../sqlite-driver.js';

/**
 * Program of the thread. It opens a connection per checkpoint, so that nothing stays locked in between. It ignores
 * errors: the writing connection checkpoints on its own once the WAL has grown further, and reports them.
 */
const program = `
const { parentPort, workerData } = require('node:worker_threads');
const { DatabaseSync } = require(workerData.driver);
parentPort.on('message', (path) => {
  try {
    const db = new DatabaseSync(path);
    try {
      db.exec('PRAGMA wal_checkpoint(PASSIVE)');
    } finally {
      db.close();
    }
  } catch {}
  parentPort.postMessage('done');
});
`;

/**
 * Writes the WAL back into the file from a separate thread. A checkpoint takes as long as the disk does, and would
 * otherwise block the whole process.
 */
export class Checkpointer {
  readonly #path: string;
  readonly #bytesMax: number;
  #worker: Worker | undefined;
  #done: Promise<void> | undefined;

  /** @param bytesMax size of the pages in the WAL, not yet in the file, that starts a checkpoint */
  constructor(path: string, bytesMax: number) {
    this.#path = path;
    this.#bytesMax = bytesMax;
  }

  /** Must be called after each commit. */
  committed(db: DatabaseSyncInstance): void {
    if (this.#done || pendingBytes(db) <= this.#bytesMax) return;
    const worker = this.#started();
    worker.postMessage(this.#path);
    this.#done = new Promise<void>((resolve) => {
      const end = () => {
        worker.off('message', end);
        worker.off('exit', end);
        this.#done = undefined;
        worker.unref();
        if (db.isOpen) writeBack(db);
        resolve();
      };
      worker.ref();
      worker.on('message', end);
      worker.on('exit', end);
    });
  }

  /** @returns a promise for the end of the thread; undefined if there is none */
  close(): Promise<void> | undefined {
    const worker = this.#worker;
    if (!worker) return undefined;
    this.#worker = undefined;
    return (this.#done ?? Promise.resolve()).then(async () => void (await worker.terminate()));
  }

  #started(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(program, { eval: true, workerData: { driver: sqliteDriverPath() } });
    worker.unref();
    worker.on('error', () => {
      this.#worker = undefined;
    });
    this.#worker = worker;
    return worker;
  }
}

/** Size of a page of the file. */
export function pageBytesOf(db: DatabaseSyncInstance): number {
  return (db.prepare('PRAGMA page_size').get() as { page_size: number }).page_size;
}

/** Pages of the WAL not yet in the file; 0 on errors, since a committed transaction must not fail because of it. */
function pendingBytes(db: DatabaseSyncInstance): number {
  try {
    const { log, checkpointed } = db.prepare('PRAGMA wal_checkpoint(NOOP)').get() as Record<string, number>;
    return (log! - checkpointed!) * pageBytesOf(db);
  } catch {
    return 0;
  }
}

/**
 * Writes the WAL back as far as no reader needs it, and waits for nobody. After a write-back by the thread, this is the few
 * pages written meanwhile: SQLite restarts the WAL only once all of it is in the file, so it would otherwise grow for as
 * long as there are writes. An error is that of the next transaction, too.
 */
export function writeBack(db: DatabaseSyncInstance): void {
  try {
    db.exec('PRAGMA wal_checkpoint(PASSIVE)');
  } catch {
    // Nothing is lost: all of it is in the WAL.
  }
}
