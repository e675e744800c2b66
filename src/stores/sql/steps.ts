/** The value of a place in a statement. A list of texts is one value: see `Dialect.among`. */
export type SqlValue = string | number | bigint | boolean | Uint8Array | readonly string[] | null;

/** A statement whose places are `$1`, `$2` … `copied` is a COPY of the one value, for databases that have it. */
export interface Statement {
  sql: string;
  values: readonly SqlValue[];
  gives: 'rows' | 'row' | 'changes' | 'copied';
}

/**
 * A decision of a store: it yields each statement that it needs, and goes on with what the statement gives.
 *
 * So a decision stands once for every database. SQLite runs it to its end at once, so that no transaction is interleaved
 * with another; PostgreSQL awaits one statement after the other.
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

/** A decision that needs the time: when its transaction has begun, and once. RFC 3339 */
export function* timed<T>(now: () => Date, decide: (now: string) => Steps<T>): Steps<T> {
  return yield* decide(now().toISOString());
}

/** @param answer runs a statement; what it throws is thrown where the statement was yielded */
export function finish<T>(steps: Steps<T>, answer: (statement: Statement) => unknown): T {
  let step = steps.next();
  while (!step.done) {
    let given: unknown;
    try {
      given = answer(step.value);
    } catch (error) {
      step = steps.throw(error);
      continue;
    }
    step = steps.next(given);
  }
  return step.value;
}

/** The same where a statement is awaited. */
export async function finishAwaiting<T>(
  steps: Steps<T>,
  answer: (statement: Statement) => Promise<unknown>,
): Promise<T> {
  let step = steps.next();
  while (!step.done) {
    let given: unknown;
    try {
      given = await answer(step.value);
    } catch (error) {
      step = steps.throw(error);
      continue;
    }
    step = steps.next(given);
  }
  return step.value;
}

/** A text as every store keeps it: NUL and halves of surrogate pairs as U+FFFD. */
export function plainText(text: string): string {
  const whole = text.isWellFormed() ? text : text.toWellFormed();
  return whole.includes('\0') ? whole.replaceAll('\0', '\ufffd') : whole;
}
