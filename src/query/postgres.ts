import pg from 'pg';
import { TrawlError } from '../errors.js';
import { postgresError } from '../stores/postgres/errors.js';
import { clientsFor } from '../stores/postgres/tls.js';
import { queryInterrupted, queryRefused, queryTooSlow } from './errors.js';
import type { QueryValue, RunQuery } from './result.js';

const rowsAtOnce = 200;
const connectMaxMs = 10_000;
/** A worker waits for locks of its own; a reader must not queue before it. */
const lockMaxMs = 5_000;

/** Runs a query on a PostgreSQL database, in a transaction that can only read. */
export const runOnPostgres: RunQuery<'postgres'> = async ({ url, name }, { sql, withinMs, signal }, read) => {
  const untilMs = performance.now() + withinMs;
  const client = clientOf(url);
  // A connection that breaks is reported by the call that needs it.
  client.on('error', () => undefined);
  const ends = new Promise<never>((_, reject) => {
    signal?.addEventListener('abort', () => reject(queryInterrupted()), { once: true });
    if (signal?.aborted) reject(queryInterrupted());
  });
  ends.catch(() => undefined);
  const ask = async (text: string, values?: unknown[]) => {
    const query = { text, values, rowMode: 'array' as const, queryMode: 'extended' as const };
    return Promise.race([client.query<QueryValue[]>(query), ends]);
  };
  const askInTime = async (text: string) => {
    const leftMs = Math.ceil(untilMs - performance.now());
    if (leftMs <= 0) throw queryTooSlow(withinMs);
    await ask(`SELECT set_config('statement_timeout', $1, true)`, [String(leftMs)]);
    return ask(text);
  };
  try {
    await Promise.race([client.connect(), ends]).catch((error: unknown) => {
      throw error instanceof TrawlError ? error : postgresError(error, name, true);
    });
    await ask('BEGIN READ ONLY');
    // Also takes the snapshot, after which the transaction cannot be made one that writes.
    await ask(`SELECT set_config('lock_timeout', $1, true)`, [`${lockMaxMs}ms`]);
    if (!isSelect(sql)) {
      const { fields, rows } = await askInTime(sql);
      return await read({ columns: fields.map((field) => field.name), rows: asPages(rows) });
    }
    await askInTime(`DECLARE asked NO SCROLL CURSOR FOR ${sql}`);
    const next = () => askInTime(`FETCH ${rowsAtOnce} FROM asked`);
    const first = await next();
    return await read({
      columns: first.fields.map((field) => field.name),
      rows: (async function* () {
        for (let page = first; page.rows.length > 0; page = await next()) yield page.rows;
      })(),
    });
  } catch (error) {
    throw queryError(error, name, withinMs);
  } finally {
    // Its transaction ends with it, and so does what still runs in it, at the latest after its time.
    void client.end().catch(() => undefined);
    (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  }
};

function clientOf(url: string): pg.Client {
  const { Client = pg.Client, ...tls } = clientsFor(url) as pg.ClientConfig & { Client?: typeof pg.Client };
  return new Client({
    connectionString: url,
    connectionTimeoutMillis: connectMaxMs,
    application_name: 'trawl query',
    types: { getTypeParser: (oid: number) => parserOf(oid) },
    ...tls,
  });
}

/** Only these can be read in parts. Others, such as EXPLAIN and SHOW, have few rows. */
function isSelect(sql: string): boolean {
  return !/^\s*(explain|show)\b/i.test(sql.replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, ''));
}

async function* asPages<Row>(rows: readonly Row[]): AsyncGenerator<readonly Row[]> {
  yield rows;
}

/** Everything else stays the server's own text. */
function parserOf(oid: number): (text: string) => QueryValue {
  const { BOOL, BYTEA, FLOAT4, FLOAT8, INT2, INT4, INT8 } = pg.types.builtins;
  if (oid === BOOL) return (text) => text === 't';
  if (oid === INT8) return (text) => (Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text));
  if ([INT2, INT4, FLOAT4, FLOAT8].includes(oid))
    return (text) => (Number.isFinite(Number(text)) ? Number(text) : text);
  if (oid === BYTEA) return (text) => Buffer.from(text.slice('\\x'.length), 'hex');
  return (text) => text;
}

/** The server's words about the query are for whoever wrote it; everything else is a problem of the store. */
function queryError(error: unknown, name: string, withinMs: number): unknown {
  if (error instanceof TrawlError) return error;
  const { code = '', message } = error as { code?: string; message: string };
  if (code === '57014') return queryTooSlow(withinMs);
  return /^(0A|2[12]|25|42|54|55)/.test(code) ? queryRefused(message) : postgresError(error, name);
}
