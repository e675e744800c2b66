import { createHash } from 'node:crypto';
import { counted } from '../counted.js';
import { TrawlError } from '../errors.js';
import { type CopiedRow, type CopiedTable, type CopySide, copiedTables } from './copied-tables.js';
import type { Store } from './store.js';

const batchRows = 1_000;

interface CopiedCount {
  table: string;
  rows: number;
  /** SHA-256 of all rows in key order; equal on both sides. */
  digest: string;
}

/** A store that can be copied from and into. */
export type CopyableStore = Store & { copySide(): CopySide };

/**
 * Copies a store into an empty one, or resumes an interrupted copy of the same store. Then reads and compares both.
 *
 * @param progress called for each batch with the table and the number of rows copied so far
 * @throws TrawlError COPY_REFUSED if the target holds anything else or the copy is already finished; COPY_DIFFERS if
 *   the two stores differ at the end
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
    throw new TrawlError('COPY_REFUSED', 'A copy into this store has already been finished.', {
      hint: 'Use this store, or copy into an empty one.',
    });
  }
  if (mark) {
    if (mark.source === source) return;
    throw new TrawlError('COPY_REFUSED', 'A copy of another store into this one has been started.', {
      hint: 'Finish that copy, or copy into an empty store.',
    });
  }
  for (const table of copiedTables) {
    if ((await target.lastKey(table)) === null) continue;
    throw new TrawlError('COPY_REFUSED', `The target store is not empty (${table.name}).`, {
      hint: 'Specify an empty file, database or schema.',
    });
  }
  await target.setCopyMark({ source, finished: false });
}

async function compared(source: CopySide, target: CopySide, table: CopiedTable): Promise<CopiedCount> {
  const [one, other] = await Promise.all([digestOf(source, table), digestOf(target, table)]);
  if (one.rows === other.rows && one.digest === other.digest) return one;
  throw new TrawlError(
    'COPY_DIFFERS',
    `${table.name} has ${counted(one.rows, 'row')} in one store and ${other.rows} in the other, or the rows differ.`,
    { hint: 'Stop every collector of the source store ("trawl stop NAME") and copy into an empty store again.' },
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
