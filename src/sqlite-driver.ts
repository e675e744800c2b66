import { createRequire } from 'node:module';

/**
 * The SQLite driver, for every version of Node.js. Imported from here alone, so that it can be exchanged as a whole once
 * the oldest supported Node.js has a stable one: its interface is that of `node:sqlite`.
 */
export {
  constants,
  DatabaseSync,
  type DatabaseSyncInstance,
  type StatementSyncInstance,
} from '@photostructure/sqlite';

/** The driver's file, for a thread that loads it itself. */
export function sqliteDriverPath(): string {
  return createRequire(import.meta.url).resolve('@photostructure/sqlite');
}
