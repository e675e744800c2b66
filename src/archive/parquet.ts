import type { StoredEvent } from '../domain.js';
import { parquet } from '../formats/parquet.js';

/** Events as a Parquet file in the schema `native`, whose columns need no record. */
export async function parquetOf(events: readonly StoredEvent[]): Promise<Uint8Array> {
  const rows = events.map((event) => ({ event, record: {}, json: '' }));
  return (await parquet.encode(rows, { schema: 'native', compression: 'none' })).bytes;
}
