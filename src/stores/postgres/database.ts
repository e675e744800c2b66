import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { TrawlError } from '../../errors.js';
import { storeOlder } from '../errors.js';
import type { StoreLink } from '../link.js';
import { changes, finishAwaiting, first, plainText, type SqlValue, type Statement, type Steps } from '../sql/steps.js';
import { endsConnection, postgresError } from './errors.js';
import { migrations } from './migrations.js';
import { clientsFor, linkOf } from './tls.js';

export interface PostgresOptions {
  url: string;
  /** The URL without secrets. */
  name: string;
  /** Maximum number of connections. */
  pool: number;
  /** Maximum wait for a connection or a statement, in ms. Does not apply to migrations. */
  answerMaxMs?: number;
  /** Receives how each new connection is protected. */
  onLink?: (link: StoreLink) => void;
  /** Opens read-only: does not migrate an outdated database, but verifies that it is writable. */
  look?: boolean;
}

/** First of the two keys of Trawl's advisory locks. */
export const lockSpace = 0x7472_6177;

const connectMaxMs = 5_000;
const statementMaxMs = 60_000;
const lockMaxMs = 10_000;
const scriptMaxMs = 24 * 3_600_000;

/** Runs statements, inside a transaction or each on its own. NUL in texts is replaced, since PostgreSQL rejects it. */
export interface Connection {
  /** Runs an operation to its end. */
  finish<T>(steps: Steps<T>): Promise<T>;
  /** Runs statements that may take hours; only within a transaction. */
  script(sql: string): Promise<void>;
  /** @param sql `COPY … TO STDOUT (FORMAT binary)` */
  copyOut(sql: string): Promise<Buffer>;
}

/** A PostgreSQL database and its connection pool. */
export class PostgresDatabase {
  readonly #pool: pg.Pool;
  readonly #place: string;
  readonly #turns: Turns;
  readonly #options: PostgresOptions;

  private constructor(options: PostgresOptions) {
    const { url, name, pool, onLink, answerMaxMs = statementMaxMs } = options;
    this.#options = options;
    this.#place = name;
    this.#turns = new Turns(pool);
    this.#pool = new pg.Pool({
      connectionString: url,
      max: pool,
      connectionTimeoutMillis: Math.min(connectMaxMs, answerMaxMs),
      statement_timeout: answerMaxMs,
      // Later than statement_timeout: the server's own error says more.
      query_timeout: answerMaxMs + Math.min(connectMaxMs, answerMaxMs),
      lock_timeout: Math.min(lockMaxMs, answerMaxMs),
      idle_in_transaction_session_timeout: statementMaxMs,
      keepAlive: true,
      application_name: 'trawl',
      types: { getTypeParser: typeParser },
      ...clientsFor(url),
    });
    // If a connection ends while idle or between two statements, the next call that needs it reports the error.
    this.#pool.on('error', () => undefined);
    this.#pool.on('connect', (client) => {
      client.on('error', () => undefined);
      onLink?.(linkOf(client));
    });
  }

  /** @throws TrawlError STORE_NEWER, STORE_REFUSED, or as `Store` says; with `look` also STORE_OLDER and NOT_RUNNING */
  static async open(options: PostgresOptions): Promise<PostgresDatabase> {
    const db = new PostgresDatabase(options);
    try {
      await db.#migrate();
      return db;
    } catch (error) {
      await db.close();
      throw error;
    }
  }

  async #migrate(): Promise<void> {
    const known = await this.finish(
      first<{ there: boolean }>(`SELECT to_regclass('trawl_schema') IS NOT NULL AS there`),
    );
    if (known!.there) {
      const now = await this.finish(version());
      if (now > migrations.length) throw newer(this.#place, now);
      if (now === migrations.length) return this.#options.look ? this.#requireWritable('audit_events') : undefined;
      if (this.#options.look) throw storeOlder(this.#place, now, migrations.length);
    }
    if (this.#options.look) {
      await this.#requireWritable(null);
      throw new TrawlError('NOT_RUNNING', `${this.#place} has no tables yet.`, {
        hint: 'The first run creates them.',
      });
    }
    if (this.#options.answerMaxMs !== undefined) {
      const { answerMaxMs: _, ...patient } = this.#options;
      await (await PostgresDatabase.open(patient)).close();
      return;
    }
    await this.transaction(async ({ finish, script }) => {
      // Two processes may start at once: the second one waits here and then finds nothing left to do.
      await script(
        `SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock(${lockSpace}, 0); SET LOCAL lock_timeout TO DEFAULT`,
      );
      await script(
        'CREATE TABLE IF NOT EXISTS trawl_schema (version integer PRIMARY KEY, migrated_at timestamptz NOT NULL DEFAULT now())',
      );
      for (let from = await finish(version()); from < migrations.length; from += 1) {
        await script(migrations[from]!);
        await finish(changes('INSERT INTO trawl_schema (version) VALUES ($1)', from + 1));
      }
    });
  }

  /** @param table a table that must be writable; null if no tables exist yet */
  async #requireWritable(table: string | null): Promise<void> {
    const found = await this.finish(
      first<{ readOnly: boolean; may: boolean | null }>(
        `SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' AS "readOnly",
              CASE WHEN $1::text IS NULL THEN has_schema_privilege(current_schema(), 'CREATE')
                   ELSE has_table_privilege($1::text, 'INSERT') END AS may`,
        table,
      ),
    );
    if (found!.readOnly) throw postgresError(Object.assign(new Error('read-only'), { code: '25006' }), this.#place);
    if (!found!.may) throw postgresError(Object.assign(new Error('no right to write'), { code: '42501' }), this.#place);
  }

  async finish<T>(steps: Steps<T>): Promise<T> {
    return this.#with(({ finish }) => finish(steps));
  }

  async copyOut(sql: string): Promise<Buffer> {
    return this.#with(({ copyOut }) => copyOut(sql));
  }

  /**
   * Runs `body` in one transaction; an error rolls it back. `body` must use the connection it receives: taking another
   * one could deadlock.
   */
  async transaction<T>(body: (connection: Connection) => Promise<T>, begin = 'BEGIN'): Promise<T> {
    return this.#with(async (connection) => {
      await connection.finish(changes(begin));
      try {
        const result = await body(connection);
        await connection.finish(changes('COMMIT'));
        return result;
      } catch (error) {
        await connection.finish(changes('ROLLBACK')).catch(() => undefined);
        throw error;
      }
    });
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #connection(): Promise<pg.PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (error) {
      throw postgresError(error, this.#place, true);
    }
  }

  async #with<T>(use: (connection: Connection) => Promise<T>): Promise<T> {
    const done = await this.#turns.take();
    try {
      const client = await this.#connection();
      let unusable = false;
      try {
        return await use(connectionOf(client));
      } catch (error) {
        unusable = !(error instanceof TrawlError) && endsConnection(error);
        throw error;
      } finally {
        client.release(unusable);
      }
    } catch (error) {
      throw postgresError(error, this.#place);
    } finally {
      done();
    }
  }
}

function* version(): Steps<number> {
  return (yield* first<{ version: number }>('SELECT max(version) AS version FROM trawl_schema'))?.version ?? 0;
}

function newer(place: string, version: number): TrawlError {
  return new TrawlError(
    'STORE_NEWER',
    `${place} was migrated by a newer version of Trawl (schema ${version}, this one knows ${migrations.length}).`,
    { hint: 'Upgrade this installation, or set TRAWL_STORE to another database.' },
  );
}

function connectionOf(client: pg.PoolClient): Connection {
  const copyIn = async (sql: string, rows: Uint8Array) => {
    const copy = client.query(copyFrom(sql));
    copy.end(rows);
    await finished(copy);
    return copy.rowCount;
  };
  const answer = async (statement: Statement): Promise<unknown> => {
    if (!('values' in statement)) return copyIn(statement.sql, statement.rows as Uint8Array);
    const { sql, values, gives } = statement;
    const { rows, rowCount } = await client.query(sql, values.length === 0 ? undefined : values.map(sendable));
    if (gives === 'changes') return rowCount ?? 0;
    return gives === 'rows' ? rows : rows[0];
  };
  return {
    finish: (steps) => finishAwaiting(steps, answer),
    script: async (sql) => {
      const limits = { text: `SET LOCAL statement_timeout = 0; ${sql}`, query_timeout: scriptMaxMs };
      await client.query(limits);
    },
    copyOut: async (sql) => {
      const copy: Readable & { callback?: () => void } = client.query(copyTo(sql));
      try {
        return Buffer.concat(await copy.toArray());
      } finally {
        // Otherwise its timer would keep the process alive (node-pg-copy-streams, issue 156).
        copy.callback?.();
      }
    },
  };
}

function sendable(value: SqlValue): SqlValue {
  if (typeof value === 'string') return plainText(value);
  if (value instanceof Uint8Array && !Buffer.isBuffer(value))
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return Array.isArray(value) ? value.map(plainText) : value;
}

const int8 = 20;

/** Counts and sequence numbers stay well below 2^53. */
function typeParser(oid: number, format?: 'text' | 'binary'): (text: string) => unknown {
  return oid === int8 ? Number : (pg.types.getTypeParser(oid, format as 'text') as (text: string) => unknown);
}

/** Semaphore. Its waiters never time out, whereas those of the pool would. */
class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(free: number) {
    this.#free = free;
  }

  async take(): Promise<() => void> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return () => {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    };
  }
}
