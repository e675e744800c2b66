// A worker that is killed once, at the point that CRASH_POINT names: when it gets there for the third time, or the
// first time if it gets there only once. The file CRASH_MARKER says that it has happened.
import { existsSync, writeFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { HttpClient } from '../../dist/src/http/client.js';
import { storePlace } from '../../dist/src/stores/place.js';
import { PostgresDatabase } from '../../dist/src/stores/postgres/database.js';
import { openStore } from '../../dist/src/stores/registry.js';
import { SqliteDatabase } from '../../dist/src/stores/sqlite/database.js';
import { localTemporal } from '../../dist/src/temporal/connection.js';
import { startWorker } from '../../dist/src/worker.js';

const { CRASH_POINT, CRASH_MARKER, CRASH_TASK_QUEUE, CRASH_TEMPORAL, CRASH_STORE } = process.env;

const place = CRASH_POINT === undefined ? undefined : storePlace(CRASH_STORE, process.cwd(), 10);
const store = place && (await openStore(place));
const ledger = store?.offload;

let passed = 0;
function die(nth = 1) {
  passed += 1;
  if (passed !== nth || existsSync(CRASH_MARKER)) return;
  writeFileSync(CRASH_MARKER, '');
  process.kill(process.pid, 'SIGKILL');
  // Nothing more happens before the signal arrives.
  for (;;);
}

const before = (prototype, name, crash) => {
  const original = prototype[name];
  prototype[name] = function (...args) {
    crash(...args);
    return original.apply(this, args);
  };
};
const after = (prototype, name, crash) => {
  const original = prototype[name];
  prototype[name] = async function (...args) {
    const result = await original.apply(this, args);
    crash(...args);
    return result;
  };
};
/** Before a later statement of a transaction; a statement that runs for many rows counts once for each. */
const atStatement = (part, nth) => () => {
  function* rowsOf(rows) {
    for (const row of rows) {
      die(nth);
      yield row;
    }
  }
  function* watched(steps) {
    for (let step = steps.next(); ; ) {
      if (step.done) return step.value;
      const { sql, rows } = step.value;
      // A page is one COPY in PostgreSQL, after that of its ids.
      if (rows instanceof Uint8Array) sql.includes(part.replace('INSERT INTO', 'COPY')) && die(3);
      else if (!rows && sql.includes(part)) die(nth);
      const isCounted = rows && !(rows instanceof Uint8Array) && sql.includes(part);
      step = steps.next(yield isCounted ? { ...step.value, rows: rowsOf(rows) } : step.value);
    }
  }
  const { finish } = SqliteDatabase.prototype;
  SqliteDatabase.prototype.finish = function (steps) {
    return finish.call(this, watched(steps));
  };
  const { transaction } = PostgresDatabase.prototype;
  PostgresDatabase.prototype.transaction = function (body, ...rest) {
    const watching = (connection) => body({ ...connection, finish: (steps) => connection.finish(watched(steps)) });
    return transaction.call(this, watching, ...rest);
  };
};
/** After the last statement, before COMMIT. */
const beforeCommit =
  (method, nth, prototype = store) =>
  () => {
    let inside = false;
    before(prototype, method, () => {
      inside = true;
    });
    const dies = () => {
      if (inside) die(nth);
      inside = false;
    };
    const { transaction: inSqlite } = SqliteDatabase.prototype;
    SqliteDatabase.prototype.transaction = function (body, ...rest) {
      const dying = () => {
        const result = body();
        dies();
        return result;
      };
      return inSqlite.call(this, dying, ...rest);
    };
    const { transaction: inPostgres } = PostgresDatabase.prototype;
    PostgresDatabase.prototype.transaction = function (body, ...rest) {
      const dying = async (connection) => {
        const result = await body(connection);
        dies();
        return result;
      };
      return inPostgres.call(this, dying, ...rest);
    };
  };
/** Just before or after a file of a batch gets its name. */
const atRename = (around, nth) => () => {
  around(fs, 'rename', (_, to) => to.includes('/raw/') && die(nth));
  syncBuiltinESMExports();
};
const isPage = ({ url }) => url.includes('auditsV2');

export const points = {
  'a page was asked for': () => before(HttpClient.prototype, 'request', (request) => isPage(request) && die(3)),
  'a page was answered': () => after(HttpClient.prototype, 'request', (request) => isPage(request) && die(3)),
  'a page is staged': () => after(store, 'stagePage', () => die(3)),
  'pages are fetched, none is enriched': () => before(store, 'relatedObjects', () => die(3)),
  'a page is enriched, not written': () => before(store, 'writePage', () => die(3)),
  'inside the transaction, before the related objects': atStatement('INSERT INTO audit_related_objects', 3),
  'inside the transaction, before the events': atStatement('INSERT INTO audit_events (', 150),
  'inside the transaction, before the checkpoint': atStatement('UPDATE audit_checkpoints', 4),
  'inside the transaction, before the log line': atStatement('INSERT INTO execution_log', 3),
  'inside the transaction, before the ledger': atStatement('INSERT INTO audit_pages', 3),
  'inside the transaction, before the staged page goes': atStatement('DELETE FROM staged_pages WHERE key', 3),
  'before the commit': beforeCommit('writePage', 3),
  'a page is committed, not acknowledged': () => after(store, 'writePage', () => die(3)),
  'the last page is committed, not acknowledged': () => after(store, 'writePage', (page) => page.more || die()),
  'before the line of an idle run is committed': beforeCommit('logIdleRun', 1),
  'the line of an idle run is committed': () => after(store, 'logIdleRun', () => die()),
  'before a reset is committed': beforeCommit('resetCheckpoint', 1),
  'a reset is committed, not acknowledged': () => after(store, 'resetCheckpoint', () => die()),
  'before a clearing is committed': beforeCommit('clearEvents', 1),
  'a clearing is committed, not acknowledged': () => after(store, 'clearEvents', () => die()),
  'rows of a clearing are removed, not acknowledged': () => {
    let clears = false;
    after(store, 'clearEvents', () => {
      clears = true;
    });
    after(store, 'removeCleared', () => clears && die());
  },
};

/** Every gap between two effects of an offloading. */
export const offloadPoints = {
  'before a batch is fixed': beforeCommit('fixBatch', 3, ledger),
  'a batch is fixed, not sent': () => after(ledger, 'fixBatch', () => die(3)),
  'a file is written, not under its name yet': atRename(before, 5),
  'a file of several is there': atRename(after, 5),
  'a batch is sent, not confirmed': () => before(ledger, 'confirmBatch', () => die(3)),
  'inside the confirmation, before the cursor': atStatement('UPDATE offload_cursors', 3),
  'before the confirmation is committed': beforeCommit('confirmBatch', 3, ledger),
  'a batch is confirmed, not acknowledged': () => after(ledger, 'confirmBatch', () => die(3)),
  'the last batch is confirmed, not acknowledged': () =>
    after(ledger, 'confirmBatch', ({ number }) => number === 6 && die()),
  'before events are cleared': beforeCommit('clearConfirmed', 1, ledger),
  'events are cleared, not acknowledged': () => after(ledger, 'clearConfirmed', () => die()),
  'before old rows are deleted': () => before(ledger, 'prune', () => die()),
  'before the file shrinks': () => before(ledger, 'shrink', () => die()),
};

if (CRASH_POINT !== undefined) {
  ({ ...points, ...offloadPoints })[CRASH_POINT]();
  await startWorker({
    temporal: localTemporal(CRASH_TEMPORAL),
    store,
    env: process.env,
    taskQueue: CRASH_TASK_QUEUE,
  });
}
