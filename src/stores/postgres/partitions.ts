import { TrawlError } from '../../errors.js';
import { all, first } from '../sql/steps.js';
import type { PostgresDatabase } from './database.js';

const yearsMax = 20;
/** Months after the present one whose partitions are made before anything happens in them. */
const monthsAhead = 3;
const retryAfterMs = 600_000;
/** PostgreSQL reads the whole default partition when it makes another one, while everybody waits. */
const othersBytesMax = 16 * 1024 * 1024;

/**
 * Partitions of audit_events, one per month of the events' own time. Events go to `audit_events_other` if their month
 * is far from now or has no partition (because somebody reads the table for long, because the role may not create
 * tables, or because events of that month are already there). Nothing depends on which partition an event is in.
 */
export class Partitions {
  readonly #db: PostgresDatabase;
  /** By month: when to check it again, epoch ms. */
  readonly #known = new Map<string, number>();
  #ahead: Promise<void> | undefined;

  constructor(db: PostgresDatabase) {
    this.#db = db;
  }

  /**
   * Creates partitions of these months, and begins to create those of the months to come. Not in the transaction that
   * needs them, which would block all readers. A month that would make the caller wait is left without.
   */
  async make(months: ReadonlySet<string>, now: Date): Promise<void> {
    for (const month of months) await this.#ensure(month, now);
    this.#ahead ??= this.#makeAhead(now).finally(() => {
      this.#ahead = undefined;
    });
  }

  /** Resolves when nothing is being created. */
  async idle(): Promise<void> {
    await this.#ahead;
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
      if (new Date(`${monthAfter(month)}-01T00:00:00Z`) > before) continue;
      try {
        if (await this.#dropIfEmpty(month)) this.#known.delete(month);
      } catch (error) {
        // Somebody reads the table, or the role may not do it: the others would fail the same way.
        if (isExpected(error)) return;
        throw error;
      }
    }
  }

  /** Ignores errors: the page that needs a partition reports them. */
  async #makeAhead(now: Date): Promise<void> {
    let month = now.toISOString().slice(0, 7);
    for (let ahead = 0; ahead <= monthsAhead; ahead += 1) {
      await this.#ensure(month, now, ahead > 0).catch(() => undefined);
      month = monthAfter(month);
    }
  }

  async #ensure(month: string, now: Date, isAhead = false): Promise<void> {
    if (!isNear(month, now) || (this.#known.get(month) ?? 0) > now.getTime()) return;
    const made = await this.#make(month, isAhead);
    this.#known.set(month, made ? Number.POSITIVE_INFINITY : now.getTime() + retryAfterMs);
  }

  async #make(month: string, isAhead: boolean): Promise<boolean> {
    const { there, othersBytes } = (await this.#db.finish(
      first<{ there: boolean; othersBytes: number }>(
        `SELECT to_regclass($1) IS NOT NULL AS there, pg_relation_size('audit_events_other') AS "othersBytes"`,
        `audit_events_${month.replace('-', '_')}`,
      ),
    ))!;
    if (there) return true;
    const isLarge = othersBytes > othersBytesMax;
    // The month has events already, or will have any moment.
    if (isLarge && !isAhead) return false;
    try {
      // Proves, while everybody goes on, that the default partition has none of the month, so that it need not be read later.
      if (isLarge) for (const step of ['exclude', 'validate']) await this.#step(month, step);
      await this.#step(month, 'create');
      return true;
    } catch (error) {
      if (isLarge) await this.#step(month, 'include').catch(() => undefined);
      if (isExpected(error)) return false;
      throw error;
    }
  }

  /** In a transaction that sees what others have written meanwhile, whatever the database's default is. */
  async #dropIfEmpty(month: string): Promise<boolean> {
    const drop = first<{ dropped: boolean }>('SELECT drop_empty_events_partition($1::date) AS dropped', `${month}-01`);
    return this.#db.transaction(
      async ({ finish }) => (await finish(drop))!.dropped,
      'BEGIN ISOLATION LEVEL READ COMMITTED',
    );
  }

  async #step(month: string, step: string): Promise<void> {
    await this.#db.finish(first('SELECT make_events_partition($1::date, $2)', `${month}-01`, step));
  }
}

/**
 * The role may not do it (42501), audit_events_other already has events of the month (23514), another process has
 * taken a step back (42704), or somebody holds the table for longer than others should wait (55P03, 57014, 40P01).
 */
function isExpected(error: unknown): boolean {
  if (!(error instanceof TrawlError)) return false;
  const { code = '' } = (error.cause as { code?: string } | undefined) ?? {};
  return ['42501', '23514', '42704', '55P03', '57014', '40P01'].includes(code);
}

/** `2026-01` */
export function monthOf(timeNs: bigint): string {
  return new Date(Number(timeNs / 1_000_000n)).toISOString().slice(0, 7);
}

function isNear(month: string, now: Date): boolean {
  return month.length === 7 && Math.abs(Number(month.slice(0, 4)) - now.getUTCFullYear()) <= yearsMax;
}

function monthAfter(month: string): string {
  const [year, number] = month.split('-').map(Number) as [number, number];
  return number === 12 ? `${year + 1}-01` : `${year}-${String(number + 1).padStart(2, '0')}`;
}
