/** `nextOps` of an answer, which goes into the next request's `afterOps`. */
export interface Cursor {
  timestamp: string;
  changeID: string;
}

/** The query of the request for a page. Both members of a cursor are always sent: events share timestamps. */
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

/** The same text for the same cursor. */
export function keyOf(cursor: Cursor | null): string {
  return cursor ? JSON.stringify([cursor.timestamp, cursor.changeID]) : '';
}
