import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { startDemoAsa } from '../../demo/asa/server.js';
import { HttpClient } from '../../src/http/client.js';
import { resolveCollector } from '../../src/settings/collector.js';
import { asa } from '../../src/sources/asa/source.js';
import { openSource } from '../../src/sources/open.js';
import { DatabaseSync } from '../../src/sqlite-driver.js';
import { SqliteStore } from '../../src/stores/sqlite/store.js';
import { called, inOwnFolder } from './support/called.js';

/** A team whose events are stored, as a walk does. */
async function collected(events: number) {
  const folder = inOwnFolder();
  vi.stubEnv('TRAWL_DATA', folder);
  const demo = await startDemoAsa({ events });
  onTestFinished(() => demo.close());
  const env = {
    ...{ ASA_TEAM: demo.team, ASA_KEY_ID: demo.keyId, ASA_KEY_SECRET: demo.keySecret, ASA_BASE_URL: demo.baseUrl },
    SEARCH_COUNT: '100',
  };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const http = new HttpClient({}, {});
  onTestFinished(() => http.close());
  const client = openSource(asa, resolveCollector('asa', [asa], {}, env), http);
  const file = join(folder, 'trawl.db');
  const store = new SqliteStore(file);
  for (let [offset, more] = ['', true]; more; ) {
    const page = await client.fetchPage(offset);
    const { events: found, rejected, relatedObjects, digest, lookup } = page.content;
    const rows = found.map((event) => ({ ...asa.enrich(event, lookup), ...event }));
    const at = {
      key: `k${offset}`,
      collector: 'asa',
      offset,
      generation: 0,
      nextOffset: page.nextOffset,
      more: page.more,
    };
    await store.writePage({ ...at, events: rows, rejected, relatedObjects, digest });
    ({ nextOffset: offset, more } = page);
  }
  await store.close();
  const alter = (sql: string) => {
    const db = new DatabaseSync(file);
    db.exec(sql);
    db.close();
  };
  const verified = async () => {
    const { code, stdout } = await called('verify', 'asa', '--against-source', '--json');
    return { code, ...(JSON.parse(stdout) as { source: object; contradictions: { text: string }[] }) };
  };
  return { demo, alter, verified, file };
}

it('finds that nothing is missing, and says so in the journal', async () => {
  const { demo, verified, file } = await collected(250);
  const whole = { same: 250, gone: 0, changed: 0, missing: 0, notDue: 0, pages: 3 };
  expect(await verified()).toMatchObject({ code: 4, source: whole, contradictions: [] });
  const store = new SqliteStore(file);
  const [last] = (await store.proof.entries('asa', 0, 100)).slice(-1);
  await store.close();
  expect(last!.entry).toMatch(
    /^trawl-journal\/1\nkind compared\nat .*\nsame 250\ngone 0\nchanged 0\nmissing 0\nnotdue 0\n$/,
  );
  // The checkpoint stays: what comes is left to the next walk.
  demo.addEvents(30);
  expect(await verified()).toMatchObject({ code: 4, source: { ...whole, notDue: 30 } });
  const { stdout } = await called('verify', 'asa', '--against-source');
  expect(stdout).toContain('source        250 events are stored as it still sends them; 30 came after the newest');
});

it('finds an event that is missing, and one that differs', async () => {
  const { alter, verified } = await collected(250);
  alter("DELETE FROM audit_events WHERE seq = 120; UPDATE audit_events SET raw_event = '{}' WHERE seq = 130");
  const { code, source, contradictions } = await verified();
  expect({ code, source }).toMatchObject({ code: 3, source: { same: 248, changed: 1, missing: 1 } });
  const texts = contradictions.map(({ text }) => text).join('\n');
  expect(texts).toMatch(/The source has the event \S+ of \S+ with other content than the store\./);
  expect(texts).toMatch(/The event \S+ of \S+ is not stored\./);
});

it('says what a source refuses, and records nothing', async () => {
  const { demo, file } = await collected(10);
  demo.revokeKey();
  expect(await called('verify', 'asa', '--against-source')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('[CREDENTIALS_REFUSED]'),
  });
  const store = new SqliteStore(file);
  const entries = await store.proof.entries('asa', 0, 100);
  await store.close();
  expect(entries.filter(({ entry }) => entry.includes('kind compared'))).toEqual([]);
});
