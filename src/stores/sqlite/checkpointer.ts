import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import type { DatabaseSyncInstance } from '@photostructure/sqlite';

/**
 * The thread: a connection for each checkpoint, so that none holds anything between them. What goes wrong is left to the
 * connection that writes, which checkpoints by itself when the WAL has grown further.
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
 * Writes the WAL back into the file beside the connection that writes: it takes as long as the disk does, and nothing
 * else happens in a process while SQLite waits for it.
 */
export class Checkpointer {
  readonly #path: string;
  readonly #framesMax: number;
  #worker: Worker | undefined;
  #done: Promise<void> | undefined;

  /** @param framesMax of the WAL that are not in the file yet, each a page. */
  constructor(path: string, framesMax: number) {
    this.#path = path;
    this.#framesMax = framesMax;
  }

  /** To be told of each commit. */
  committed(db: DatabaseSyncInstance): void {
    if (this.#done || frames(db) <= this.#framesMax) return;
    const worker = this.#started();
    worker.postMessage(this.#path);
    this.#done = new Promise<void>((resolve) => {
      const end = () => {
        worker.off('message', end);
        worker.off('exit', end);
        this.#done = undefined;
        worker.unref();
        finish(db);
        resolve();
      };
      worker.ref();
      worker.on('message', end);
      worker.on('exit', end);
    });
  }

  /** @returns what ends when the thread has, where there is one. */
  close(): Promise<void> | undefined {
    const worker = this.#worker;
    if (!worker) return undefined;
    this.#worker = undefined;
    return (this.#done ?? Promise.resolve()).then(async () => void (await worker.terminate()));
  }

  #started(): Worker {
    if (this.#worker) return this.#worker;
    const driver = createRequire(import.meta.url).resolve('@photostructure/sqlite');
    const worker = new Worker(program, { eval: true, workerData: { driver } });
    worker.unref();
    worker.on('error', () => {
      this.#worker = undefined;
    });
    this.#worker = worker;
    return worker;
  }
}

/** Pages of the WAL that are not in the file. What was committed is not to fail for want of that number. */
function frames(db: DatabaseSyncInstance): number {
  try {
    const { log, checkpointed } = db.prepare('PRAGMA wal_checkpoint(NOOP)').get() as Record<string, number>;
    return log! - checkpointed!;
  } catch {
    return 0;
  }
}

/**
 * The few pages that were written meanwhile: only a WAL that is in the file as a whole is begun anew, and it would grow
 * for as long as somebody writes.
 */
function finish(db: DatabaseSyncInstance): void {
  try {
    if (db.isOpen) db.exec('PRAGMA wal_checkpoint(PASSIVE)');
  } catch {
    // The next transaction meets what is wrong.
  }
}
