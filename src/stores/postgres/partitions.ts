import { TrawlError } from '../../errors.js';
import { all, changes, first, type Steps } from '../sql/steps.js';
import { lockSpace, type PostgresDatabase } from './database.js';

const yearsMax = 20;
const retryAfterMs = 3_600_000;
/** Short, since all other sessions wait meanwhile; the next retention run retries. */
const lockMaxMs = 2_000;

/**
 * Partitions of audit_events, one per month of the events' own time. Events go to `audit_events_other` if their month
 * is far from now or has no partition (because the role may not create tables, or because events of that month are
 * already there). Nothing depends on which partition an event is in.
 */
export class Partitions {
  readonly #db: PostgresDatabase;
  /** By month: when to check it again, epoch ms. */
  readonly #known = new Map<string, number>();

  constructor(db: PostgresDatabase) {
    this.#db = db;
  }

  /** Creates missing partitions. Not in the transaction that needs them, which would block all readers. */
  async make(months: ReadonlySet<string>, now: Date): Promise<void> {
    for (const month of months) {
      if (!isNear(month, now) || (this.#known.get(month) ?? 0) > now.getTime()) continue;
      const made = await this.#make(month);
      this.#known.set(month, made ? Number.POSITIVE_INFINITY : now.getTime() + retryAfterMs);
    }
  }

  /** Drops empty partitions whose month ended before `before`. */
  async dropEmpty(before: Date): Promise<void> {
    const tables = await this.#db.finish(
      all<{ name: string }>(
        `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
         WHERE i.inhparent = 'audit_events'::regclass AND c.relname ~ '^audit_events_[0-9]{4}_[0-9]{2}$'`,
      ),
    );
    for (const { name } of tables) {
      const month = name.slice('audit_events_'.length).replace('_', '-');
      if (new Date(`${nextMonth(month)}-01T00:00:00Z`) > before) continue;
      try {
        if (await this.#db.transaction(({ finish }) => finish(dropIfEmpty(name)))) this.#known.delete(month);
      } catch (error) {
        if (!(error instanceof TrawlError) || error.code !== 'STORE_BUSY') throw error;
      }
    }
  }

  async #make(month: string): Promise<boolean> {
    const table = `audit_events_${month.replace('-', '_')}`;
    if (await this.#db.finish(first('SELECT 1 WHERE to_regclass($1) IS NOT NULL', table))) return true;
    try {
      await this.#db.transaction(({ finish }) => finish(makePartition(table, month)));
      return true;
    } catch (error) {
      const { code } = (error as { cause?: { code?: string } }).cause ?? {};
      // The role may not create tables, or audit_events_other already has events of the month.
      if (code === '42501' || code === '23514') return false;
      throw error;
    }
  }
}

function* makePartition(table: string, month: string): Steps<void> {
  yield* first('SELECT pg_advisory_xact_lock($1, 1)', lockSpace);
  yield* changes(`CREATE TABLE IF NOT EXISTS ${table} PARTITION OF audit_events
    FOR VALUES FROM ('${month}-01T00:00:00Z') TO ('${nextMonth(month)}-01T00:00:00Z')`);
}

function* dropIfEmpty(table: string): Steps<boolean> {
  yield* first('SELECT pg_advisory_xact_lock($1, 1)', lockSpace);
  const held = `SELECT 1 FROM ${table} LIMIT 1`;
  if (yield* first(held)) return false;
  // A page may be about to be written, so the locks keep writers out until the second check and the drop are done. The
  // parent comes first, as for writers: the other order would deadlock.
  yield* changes(`SET LOCAL lock_timeout = '${lockMaxMs}ms'`);
  yield* changes('LOCK TABLE ONLY audit_events IN ACCESS EXCLUSIVE MODE');
  yield* changes(`LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
  if (yield* first(held)) return false;
  yield* changes(`DROP TABLE ${table}`);
  return true;
}

/** `2026-01` */
export function monthOf(timeNs: bigint): string {
  return new Date(Number(timeNs / 1_000_000n)).toISOString().slice(0, 7);
}

function isNear(month: string, now: Date): boolean {
  return month.length === 7 && Math.abs(Number(month.slice(0, 4)) - now.getUTCFullYear()) <= yearsMax;
}

function nextMonth(month: string): string {
  const [year, number] = month.split('-').map(Number) as [number, number];
  return number === 12 ? `${year + 1}-01` : `${year}-${String(number + 1).padStart(2, '0')}`;
}
