import { describe, expect, it } from 'vitest';
import type { StorePlace } from '../../src/stores/place.js';
import type { Store } from '../../src/stores/store.js';
import { blocksOf } from '../support/doc-blocks.js';
import { answerTo, statementsOf } from '../support/query.js';
import { event, page } from './pages.js';

interface UnderQuery {
  store: Store;
  place: StorePlace;
}

/** `trawl query` on a kind of store. @param attacks statements of this database that would change something */
export function querySuite(name: string, create: () => Promise<UnderQuery>, attacks: readonly string[]): void {
  describe(`a query on ${name}`, () => {
    it('returns rows, while others write', async () => {
      const { store, place } = await create();
      const events = Array.from({ length: 450 }, (_, at) => event(`e${at}`));
      await store.writePage(page(events, { nextOffset: 'next' }));
      const { columns, rows } = await answerTo(place, 'SELECT seq, id, extra FROM audit_events ORDER BY seq -- all');
      expect(columns).toEqual(['seq', 'id', 'extra']);
      expect(rows).toHaveLength(450);
      expect(rows[449]).toEqual([450, 'e449', null]);
      await store.writePage(page([event('more')], { offset: 'next' }));
      expect((await answerTo(place, 'SELECT count(*) AS n FROM audit_events;')).rows).toEqual([[451]]);
      const large = await answerTo(place, 'SELECT 9007199254740993 AS n, 1.5 AS x WHERE 1 = 1');
      expect([large.columns, String(large.rows[0]![0]), Number(large.rows[0]![1])]).toEqual([
        ['n', 'x'],
        '9007199254740993',
        1.5,
      ]);
    });

    it('runs each query of docs/tables.md', async () => {
      const { store, place } = await create();
      const logon = event('a', { type: 'server.ssh_login', server: 'web-1' });
      await store.writePage(page([logon, event('b')]));
      const blocks = blocksOf('docs/tables.md').filter(({ language }) => language === 'sql');
      const results = await Promise.all(
        blocks.flatMap(({ content }) => statementsOf(content)).map((sql) => answerTo(place, sql)),
      );
      expect(results.map(({ rows }) => rows.length)).toEqual([1, 1, 1]);
      expect(String(results[1]!.rows[0]![0])).toBe('0');
    });

    it.each([
      'DELETE FROM audit_events',
      "UPDATE audit_checkpoints SET last_offset = ''",
      'DROP TABLE audit_events',
      'CREATE TABLE x (a int)',
      'SELECT 1; DELETE FROM audit_events',
      "SELECT ';' ; DELETE FROM audit_events",
      '',
      ' ; -- nothing',
      'SELECT nonsense FROM nowhere',
      'EXPLAIN ANALYZE DELETE FROM audit_events',
      'WITH gone AS (DELETE FROM audit_events RETURNING 1) SELECT * FROM gone',
      ...attacks,
    ])('refuses %j, and nothing has changed', async (sql) => {
      const { store, place } = await create();
      await store.writePage(page([event('a')]));
      await expect(answerTo(place, sql)).rejects.toMatchObject({
        name: 'TrawlError',
        message: expect.stringMatching(/^The query failed: .*[^.]\.$/),
      });
      expect((await answerTo(place, 'SELECT count(*) AS n FROM audit_events')).rows).toEqual([[1]]);
      await store.writePage(page([event('b')]));
    });

    it('ends after its time, and when it is interrupted', async () => {
      const { place } = await create();
      const endless = 'WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c';
      await expect(answerTo(place, endless, { withinMs: 300 })).rejects.toMatchObject({
        message: 'The query was ended: it took longer than 0.3 s.',
      });
      const ending = new AbortController();
      const running = answerTo(place, endless, { signal: ending.signal });
      ending.abort();
      await expect(running).rejects.toMatchObject({ message: 'The query was interrupted.' });
    });
  });
}
