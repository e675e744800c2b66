import { createHash } from 'node:crypto';
import { TrawlError } from '../errors.js';
import { type CopiedRow, type CopiedTable, type CopySide, copiedTables } from './copied-tables.js';
import type { Store } from './store.js';

const batchRows = 1_000;

export interface CopiedCount {
  table: string;
  rows: number;
  /** SHA-256 over all rows in the order of their key, the same on both sides. */
  digest: string;
}

/** A store that can be copied from and into. */
export type CopyableStore = Store & { copySide(): CopySide };

/**
 * Copies a store into an empty one, or goes on with a copy of the same store that was broken off; then reads both and
 * compares them.
 *
 * @param progress is told of each batch: the table, and the rows copied so far.
 * @throws TrawlError COPY_REFUSED where the target holds something else or the copy is done; COPY_DIFFERS where the two
 *   are not equal at the end.
 */
export async function copyStore(
  from: CopyableStore,
  to: CopyableStore,
  progress: (table: string, rows: number) => void,
): Promise<CopiedCount[]> {
  const [source, target] = [from.copySide(), to.copySide()];
  await begin(await from.identity(), target);
  for (const table of copiedTables) {
    let after = await target.lastKey(table);
    let copied = 0;
    for (;;) {
      const rows = await source.rows(table, after, batchRows);
      if (rows.length === 0) break;
      await target.insert(table, rows);
      after = rows.at(-1)!;
      copied += rows.length;
      progress(table.name, copied);
    }
  }
  const counts: CopiedCount[] = [];
  for (const table of copiedTables) counts.push(await compared(source, target, table));
  await target.setCopyMark({ source: await from.identity(), finished: true });
  return counts;
}

async function begin(source: string, target: CopySide): Promise<void> {
  const mark = await target.copyMark();
  if (mark?.finished) {
    throw new TrawlError('COPY_REFUSED', 'A copy into this store has been finished before.', {
      hint: 'Use it, or copy into an empty one.',
    });
  }
  if (mark) {
    if (mark.source === source) return;
    throw new TrawlError('COPY_REFUSED', 'A copy of another store into this one has been begun.', {
      hint: 'Finish that one, or copy into an empty store.',
    });
  }
  for (const table of copiedTables) {
    if ((await target.lastKey(table)) === null) continue;
    throw new TrawlError('COPY_REFUSED', `The store to copy into is not empty (${table.name}).`, {
      hint: 'Name an empty file, database or schema.',
    });
  }
  await target.setCopyMark({ source, finished: false });
}

async function compared(source: CopySide, target: CopySide, table: CopiedTable): Promise<CopiedCount> {
  const [one, other] = await Promise.all([digestOf(source, table), digestOf(target, table)]);
  if (one.rows === other.rows && one.digest === other.digest) return one;
  throw new TrawlError(
    'COPY_DIFFERS',
    `${table.name} has ${one.rows} rows in the one store and ${other.rows} in the other, or the rows differ.`,
    { hint: 'Stop all collecting into the source ("trawl stop NAME") and copy into an empty store again.' },
  );
}

async function digestOf(side: CopySide, table: CopiedTable): Promise<CopiedCount> {
  const digest = createHash('sha256');
  let rows = 0;
  for (let after: CopiedRow | null = null; ; ) {
    const batch = await side.rows(table, after, batchRows);
    for (const row of batch) digest.update(JSON.stringify(table.columns.map(({ name }) => row[name])));
    rows += batch.length;
    if (batch.length < batchRows) return { table: table.name, rows, digest: digest.digest('hex') };
    after = batch.at(-1)!;
  }
}
