import { z } from 'zod';
import type { StoredEvent } from '../domain.js';
import { zstdDecompressor } from '../formats/compression.js';

const text = z.string();
const row = z
  .object({
    ...{ collector: text, seq: z.bigint().positive(), id: text, timestamp: text, type: text, actor: text, user: text },
    ...{ client: text, gateway: text, group: text, project: text, hostname: text, server: text, from_addr: text },
    ...{ raw_event: text, extra: text.nullish(), collected_at: z.date() },
  })
  .transform(
    ({ from_addr: fromAddr, collected_at: at, raw_event: rawEvent, extra, seq, ...others }): StoredEvent => ({
      ...{ ...others, fromAddr, rawEvent, seq: Number(seq) },
      ...{ extra: extra ?? null, collectedAt: at.toISOString() },
    }),
  );

/** Rows read at once. */
const rowsAtOnce = 2_000;

/** The events of a Parquet file of the schema `native`. Throws an error if it is something else. */
export async function* eventsOfParquet(bytes: Uint8Array): AsyncGenerator<StoredEvent> {
  const { parquetMetadataAsync, parquetReadObjects } = await import('hyparquet');
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const metadata = await parquetMetadataAsync(file);
  const compressors = { ZSTD: await zstdDecompressor() };
  const count = Number(metadata.num_rows);
  for (let rowStart = 0; rowStart < count; rowStart += rowsAtOnce) {
    const rowEnd = Math.min(count, rowStart + rowsAtOnce);
    const rows = await parquetReadObjects({ file, metadata, compressors, rowStart, rowEnd });
    for (const one of rows) {
      const parsed = row.safeParse(one);
      if (!parsed.success) throw new Error('a row is not an event');
      yield parsed.data;
    }
  }
}
