import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { expect, it, onTestFinished } from 'vitest';
import { contextOf } from '../../activities/context.js';
import type { Dependencies } from '../../activities/dependencies.js';
import { enrichPages } from '../../activities/enrich-pages.js';
import type { PageRef } from '../../activities/types.js';
import { writePages } from '../../activities/write-pages.js';
import { HttpClient } from '../../src/http/client.js';
import { heapWeight } from '../../src/json-weight.js';
import { defineSettings } from '../../src/settings/definition.js';
import type { PageContent, Source, SourceEvent } from '../../src/sources/source.js';
import { SqliteStore } from '../../src/stores/sqlite/store.js';

interface PageText {
  events: string[];
  /** Names of users by id. */
  users: Record<string, string>;
}

const columns = ['type', 'actor', 'user', 'client', 'gateway', 'group', 'project', 'hostname', 'server', 'fromAddr'];

/** A source whose events all have the actor `u`. */
const source: Source = {
  kind: 'fake',
  settings: defineSettings({}),
  open: () => ({ place: 'nowhere', fetchPage: async () => Promise.reject(new Error('not to be read')) }),
  parse(body: Uint8Array): PageContent {
    const { events, users } = JSON.parse(Buffer.from(body).toString()) as PageText;
    return {
      events: events.map((id) => ({
        id,
        timestamp: '2026-01-01T00:00:00Z',
        timeNs: 1n,
        rawEvent: '{}',
        extra: null,
        details: {},
      })),
      rejected: [],
      relatedObjects: Object.entries(users).map(([id, name]) => ({
        id,
        type: 'user',
        object: JSON.stringify({ name }),
      })),
      lookup: (id) => (id in users ? { name: users[id] } : undefined),
      digest: events.join(),
    };
  },
  enrich: (_event: SourceEvent, lookup) =>
    ({ ...Object.fromEntries(columns.map((name) => [name, ''])), actor: String(lookup('u')?.name ?? '') }) as never,
};

/** Consecutive pages with these texts, staged in a store of the test's own. */
async function staged(texts: readonly PageText[]): Promise<{ dependencies: Dependencies; pages: PageRef[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-unit-'));
  const store = new SqliteStore(join(folder, 'trawl.db'));
  const http = new HttpClient();
  onTestFinished(async () => {
    await http.close();
    await store.close();
    rmSync(folder, { recursive: true });
  });
  await store.setSettings('fake', { source: 'fake' }, []);
  const pages: PageRef[] = [];
  for (const [index, text] of texts.entries()) {
    const [offset, nextOffset] = [index === 0 ? '' : String(index), String(index + 1)];
    const page = { key: `k${index}`, collector: 'fake', offset, generation: 0, nextOffset, more: true };
    await store.stagePage({ ...page, body: Buffer.from(JSON.stringify(text)) });
    pages.push({ ...page, events: 1, rejected: 0 } as PageRef);
  }
  return { dependencies: { store, sources: [source], http, env: {} }, pages };
}

async function actors({ store }: Dependencies): Promise<string[]> {
  return (await store.events({ collector: 'fake', afterSeq: 0 }, 10)).map(({ actor }) => actor);
}

it('a page that another worker enriches again does not get related objects of later pages', async () => {
  const texts: PageText[] = [
    { events: ['a'], users: {} },
    { events: ['b'], users: { u: 'Ada' } },
    { events: ['c'], users: {} },
    { events: ['d'], users: { u: 'Ada Lovelace' } },
    { events: ['e'], users: {} },
  ];
  const { dependencies, pages } = await staged(texts);
  const worker = () => contextOf(dependencies);

  // It dies before it writes anything, and the next one dies in the middle.
  await enrichPages(worker(), { collector: 'fake', pages });
  await writePages(worker(), { collector: 'fake', pages: pages.slice(0, 3) });
  await enrichPages(worker(), { collector: 'fake', pages: pages.slice(3) });
  await writePages(worker(), { collector: 'fake', pages: pages.slice(3) });
  expect(await actors(dependencies)).toEqual(['', 'Ada', 'Ada', 'Ada Lovelace', 'Ada Lovelace']);
});

/** Pages whose user is renamed on the way. */
const renamed: PageText[] = [
  { events: ['a'], users: { u: 'Ada' } },
  { events: ['b'], users: {} },
  { events: ['c'], users: { u: 'Ada Lovelace' } },
  { events: ['d'], users: {} },
];

it('pages that are enriched together get the related objects of earlier ones', async () => {
  const { dependencies, pages } = await staged(renamed);
  const context = contextOf(dependencies);
  await enrichPages(context, { collector: 'fake', pages });
  await writePages(context, { collector: 'fake', pages });
  expect(await actors(dependencies)).toEqual(['Ada', 'Ada', 'Ada Lovelace', 'Ada Lovelace']);
});

it('pages that would take too much memory together are enriched as they are written', async () => {
  const { dependencies, pages } = await staged(renamed);
  const context = contextOf(dependencies);
  expect(
    await enrichPages(context, { collector: 'fake', pages }, heapWeight(Buffer.from(JSON.stringify(renamed[0])))),
  ).toEqual({ events: 2 });
  await writePages(context, { collector: 'fake', pages });
  expect(await actors(dependencies)).toEqual(['Ada', 'Ada', 'Ada Lovelace', 'Ada Lovelace']);
});

it('a page that names far more stored objects than fit reads few at a time, and stops', async () => {
  const { dependencies, pages } = await staged([{ events: ['a'], users: {} }]);
  const ids = Array.from({ length: 5_000 }, (_, index) => `o${index}`);
  const asked: number[] = [];
  const store = new Proxy(dependencies.store, {
    get: (target, name) => {
      if (name === 'relatedObjects')
        return async (_: string, given: readonly string[]) => {
          asked.push(given.length);
          const object = JSON.stringify({ name: 'x'.repeat(60_000), nested: [{}] });
          return new Map(given.map((id) => [id, { id, type: 'user', object }]));
        };
      const member = Reflect.get(target, name) as unknown;
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  const many: Source = {
    ...source,
    enrich: (event, lookup) => {
      for (const id of ids) lookup(id);
      return source.enrich(event, lookup);
    },
  };
  const context = contextOf({ ...dependencies, store, sources: [many] });
  await new MockActivityEnvironment(undefined, { logger: new DefaultLogger('ERROR', () => undefined) }).run(() =>
    enrichPages(context, { collector: 'fake', pages }),
  );
  expect(Math.max(...asked)).toBeLessThanOrEqual(256);
  expect(asked.length).toBeLessThan(3);
});
