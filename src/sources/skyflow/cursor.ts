/** `nextOps` of an answer, which becomes `afterOps` of the next request. */
export interface Cursor {
  timestamp: string;
  changeID: string;
}

/** The query of the request for a page. Always sends both members of a cursor, since events can share timestamps. */
export function queryOf(
  accountId: string,
  filters: readonly [string, string][],
  cursor: Cursor | null,
  limit: number,
): string {
  const parameters: [string, string][] = [['filterOps.accountID', accountId], ...filters];
  if (cursor) parameters.push(['afterOps.timestamp', cursor.timestamp], ['afterOps.changeID', cursor.changeID]);
  parameters.push(['limit', String(limit)]);
  return parameters.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
}

/** A text that identifies a cursor. */
export function keyOf(cursor: Cursor | null): string {
  return cursor ? JSON.stringify([cursor.timestamp, cursor.changeID]) : '';
}
