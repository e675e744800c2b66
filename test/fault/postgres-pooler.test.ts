import { expect, inject, it, onTestFinished } from 'vitest';
import type { StoreLink } from '../../src/stores/link.js';
import { PostgresStore } from '../../src/stores/postgres/store.js';
import { event, page } from '../conformance/pages.js';
import { blockThatBegins } from '../support/doc-blocks.js';
import { noPgBouncer, startPgBouncer } from '../support/pgbouncer.js';
import { createDatabase } from '../support/postgres.js';

const lines = blockThatBegins('docs/postgres.md', 'pool_mode = session');

/** The URL of a new database behind a PgBouncer with these lines. */
async function pooled(ini: string, skip: (note: string) => never): Promise<string> {
  const { url, remove } = await createDatabase(inject('postgresUrl'));
  onTestFinished(remove);
  const pooler = (await startPgBouncer(url, ini)) ?? skip(noPgBouncer);
  onTestFinished(pooler.stop);
  return pooler.url;
}

const opened = (url: string, onLink?: (link: StoreLink) => void) =>
  PostgresStore.open({ url, name: 'the test database', pool: 4, ...(onLink && { onLink }) });

it('a store behind PgBouncer with the lines of docs/postgres.md takes pages of collectors side by side', async ({
  skip,
}) => {
  const links: StoreLink[] = [];
  const store = await opened(await pooled(lines, skip), (link) => links.push(link));
  onTestFinished(() => store.close());
  const collectors = Array.from({ length: 8 }, (_, at) => `c${at}`);
  await Promise.all(
    collectors.map(async (collector) => {
      const { lastOffset: offset, generation } = await store.checkpoint(collector);
      const one = page([event('one')], { collector, key: collector, offset, generation, nextOffset: 'next' });
      expect((await store.writePage(one)).outcome).toBe('written');
    }),
  );
  for (const collector of collectors) expect(await store.eventCount(collector)).toBe(1);
  // As a PgBouncer without TLS says, which Trawl then uses in the clear.
  expect(new Set(links.map(({ tls }) => tls))).toEqual(new Set([null]));
});

it('without the second line Trawl refuses it, and names the line', async ({ skip }) => {
  const [mode, ignored] = lines.trim().split('\n');
  const error = await opened(await pooled(`${mode}\n`, skip)).catch((thrown) => thrown);
  expect(error).toMatchObject({ code: 'STORE_REFUSED', hint: expect.stringContaining(`Set ${ignored} in`) });
});
