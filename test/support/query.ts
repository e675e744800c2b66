import type { QueryOptions, QueryValue } from '../../src/query/result.js';
import type { StorePlace } from '../../src/stores/place.js';

type Row = readonly QueryValue[];

/** Runs a query with the built code, whose process for SQLite cannot be TypeScript, and returns all of its result. */
export async function answerTo(
  place: StorePlace,
  sql: string,
  options: Partial<Omit<QueryOptions, 'sql'>> = {},
): Promise<{ columns: readonly string[]; rows: Row[] }> {
  const built = new URL('../../dist/src/query/run.js', import.meta.url).href;
  const { runQuery } = (await import(built)) as typeof import('../../src/query/run.js');
  return runQuery(place, { sql, withinMs: 30_000, ...options }, async ({ columns, rows }) => {
    const all: Row[] = [];
    for await (const page of rows) all.push(...page);
    return { columns, rows: all };
  });
}

/** The statements of an SQL block of the docs. */
export function statementsOf(block: string): string[] {
  return block.split(/;\n/).filter((statement) => statement.trim() !== '');
}
