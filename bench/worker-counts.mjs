// Loaded into a worker with --import: counts its database statements, and reports them to its parent on request. Plain
// JavaScript, since the worker runs without a compiler.
import pg from 'pg';
import { SqliteDatabase } from '../dist/src/stores/sqlite/database.js';

const counts = { transactions: 0, statements: 0, rowsRead: 0, rowsWritten: 0, eventRows: 0 };

function note(sql, rows) {
  if (/^\s*(COMMIT|ROLLBACK)/i.test(sql)) return;
  if (/^\s*BEGIN/i.test(sql)) counts.transactions += 1;
  else {
    const reads = /^\s*SELECT/i.test(sql);
    counts.statements += 1;
    counts[reads ? 'rowsRead' : 'rowsWritten'] += rows;
    // Rows of events, read or written.
    if (/\baudit_event(s|_ids)\b/.test(sql)) counts.eventRows += rows;
  }
}

const rowsOf = {
  run: (changes) => changes,
  get: (row) => (row === undefined ? 0 : 1),
  all: (rows) => rows.length,
  arrays: (rows) => rows.length,
};
for (const [name, rows] of Object.entries(rowsOf)) {
  const original = SqliteDatabase.prototype[name];
  SqliteDatabase.prototype[name] = function (sql, ...values) {
    const result = original.call(this, sql, ...values);
    note(sql, rows(result));
    return result;
  };
}
const { transaction } = SqliteDatabase.prototype;
SqliteDatabase.prototype.transaction = function (body) {
  note('BEGIN', 0);
  return transaction.call(this, body);
};

const { query } = pg.Client.prototype;
pg.Client.prototype.query = function (sql, ...rest) {
  const result = query.call(this, sql, ...rest);
  if (typeof sql === 'string') {
    result?.then?.(
      ({ rowCount }) => note(sql, rowCount ?? 0),
      () => undefined,
    );
  }
  return result;
};

process.on('message', () => process.send(counts));
process.channel?.unref();
