/** The value of a place in a statement. A list of texts is one value: see `Dialect.among`. */
export type SqlValue = string | number | bigint | boolean | Uint8Array | readonly string[] | null;

/** A statement, whose places are `$1`, `$2` … */
interface One {
  sql: string;
  values: readonly SqlValue[];
  gives: 'rows' | 'row' | 'changes';
}

/**
 * An insert of many rows in the form that its database is quickest with: the values of each, for one statement that is run
 * again and again, or the bytes of a COPY.
 */
interface Many {
  sql: string;
  rows: Iterable<readonly SqlValue[]> | Uint8Array;
  gives: 'changes';
}

export type Statement = One | Many;

/**
 * A decision of a store: it yields each statement that it needs, and goes on with what the statement gives.
 *
 * So a decision stands once for every database. SQLite runs it to its end at once, so that no transaction is interleaved
 * with another; PostgreSQL awaits one statement after the other. What a statement throws ends the decision.
 */
export type Steps<T> = Generator<Statement, T, unknown>;

export function* all<Row>(sql: string, ...values: SqlValue[]): Steps<Row[]> {
  return (yield { sql, values, gives: 'rows' }) as Row[];
}

export function* first<Row>(sql: string, ...values: SqlValue[]): Steps<Row | undefined> {
  return (yield { sql, values, gives: 'row' }) as Row | undefined;
}

/** How many rows the statement changed. */
export function* changes(sql: string, ...values: SqlValue[]): Steps<number> {
  return (yield { sql, values, gives: 'changes' }) as number;
}

/** @param rest what follows the values, as what to do where the row is there already. @returns how many rows were inserted */
export function* insert(table: string, row: Readonly<Record<string, SqlValue>>, rest = ''): Steps<number> {
  const names = Object.keys(row);
  const places = names.map((_, index) => `$${index + 1}`);
  const columns = names.map((name) => `"${name}"`);
  const sql = `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${places.join(', ')}) ${rest}`;
  return yield* changes(sql, ...Object.values(row));
}

/** How many rows were inserted or changed. */
export function* changesByMany(sql: string, rows: Many['rows']): Steps<number> {
  return (yield { sql, rows, gives: 'changes' }) as number;
}

/** A decision that needs the time: when its transaction has begun, and once. RFC 3339 */
export function* timed<T>(now: () => Date, decide: (now: string) => Steps<T>): Steps<T> {
  return yield* decide(now().toISOString());
}

export function finish<T>(steps: Steps<T>, answer: (statement: Statement) => unknown): T {
  let step = steps.next();
  while (!step.done) step = steps.next(answer(step.value));
  return step.value;
}

export async function finishAwaiting<T>(
  steps: Steps<T>,
  answer: (statement: Statement) => Promise<unknown>,
): Promise<T> {
  let step = steps.next();
  while (!step.done) step = steps.next(await answer(step.value));
  return step.value;
}

/** A text as every store keeps it: NUL and halves of surrogate pairs as U+FFFD. */
export function plainText(text: string): string {
  const whole = text.isWellFormed() ? text : text.toWellFormed();
  return whole.includes('\0') ? whole.replaceAll('\0', '\ufffd') : whole;
}
