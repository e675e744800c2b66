import { SqliteDatabase } from '../../src/stores/sqlite/database.js';

/** Knows of each transaction whether it waits for the disk, from the store itself. */
export class Commits {
  #wasLight = false;

  /** Listens to every store of this process from now on. */
  constructor() {
    const commits = this;
    const { transaction } = SqliteDatabase.prototype;
    SqliteDatabase.prototype.transaction = function <T>(this: SqliteDatabase, body: () => T, light = false): T {
      const result = transaction.call(this, body, light) as T;
      commits.#wasLight = light;
      return result;
    };
  }

  /** Returns whether the last transaction since the last call did not wait for the disk. */
  takeLight(): boolean {
    const wasLight = this.#wasLight;
    this.#wasLight = false;
    return wasLight;
  }
}
