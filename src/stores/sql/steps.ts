/** A value bound to a placeholder. A list of texts is one value: see `Dialect.among`. */
export type SqlValue = string | number | bigint | boolean | Uint8Array | readonly string[] | null;

/** A statement with the placeholders `$1`, `$2` … */
interface One {
  sql: string;
  values: readonly SqlValue[];
  gives: 'rows' | 'row' | 'changes';
}

/**
 * An insert of many rows in the database's fastest form: the values of each row, for a statement that runs once per
 * row, or the bytes of a COPY.
 */
interface Many {
  sql: string;
  rows: Iterable<readonly SqlValue[]> | Uint8Array;
  gives: 'changes';
}

export type Statement = One | Many;

/**
 * A store operation as a generator: it yields each statement that it needs and continues with the statement's result.
 *
 * This way one implementation serves every database. SQLite runs it to the end synchronously, so that transactions
 * never interleave; PostgreSQL awaits one statement after the other. An error of a statement ends the operation.
 */
export type Steps<T> = Generator<Statement, T, unknown>;

export function* all<Row>(sql: string, ...values: SqlValue[]): Steps<Row[]> {
  return (yield { sql, values, gives: 'rows' }) as Row[];
}

export function* first<Row>(sql: string, ...values: SqlValue[]): Steps<Row | undefined> {
  return (yield { sql, values, gives: 'row' }) as Row | undefined;
}

/** Returns the number of rows changed. */
export function* changes(sql: string, ...values: SqlValue[]): Steps<number> {
  return (yield { sql, values, gives: 'changes' }) as number;
}

/** @param rest SQL after the values, such as ON CONFLICT DO NOTHING. @returns the number of rows inserted */
export function* insert(table: string, row: Readonly<Record<string, SqlValue>>, rest = ''): Steps<number> {
  const names = Object.keys(row);
  const places = names.map((_, index) => `$${index + 1}`);
  const columns = names.map((name) => `"${name}"`);
  const sql = `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${places.join(', ')}) ${rest}`;
  return yield* changes(sql, ...Object.values(row));
}

/** Returns the number of rows inserted or changed. */
export function* changesByMany(sql: string, rows: Many['rows']): Steps<number> {
  return (yield { sql, rows, gives: 'changes' }) as number;
}

/** Reads the time once, after the transaction has begun, and passes it on. RFC 3339. */
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

/** A text as every store keeps it: NUL and lone surrogates become U+FFFD. */
export function plainText(text: string): string {
  const whole = text.isWellFormed() ? text : text.toWellFormed();
  return whole.includes('\0') ? whole.replaceAll('\0', '\ufffd') : whole;
}
