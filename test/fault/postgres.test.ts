import { execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import type { StoreLink } from '../../src/stores/link.js';
import { storePlace } from '../../src/stores/place.js';
import { PostgresStore } from '../../src/stores/postgres/store.js';
import { Disk } from '../chaos/disk.js';
import { Certificates } from '../support/certificates.js';
import { TestCollection, until } from '../support/collection.js';
import { createDatabase, onServer, startPostgres, type TestPostgres } from '../support/postgres.js';
import { query } from '../support/store.js';

/** A server for this test alone, which may end it. */
async function ownServer(): Promise<{ server: TestPostgres; url: string }> {
  const server = await startPostgres();
  onTestFinished(() => server.remove());
  return { server, url: (await createDatabase(server.url)).url };
}

async function database(): Promise<string> {
  const { url, remove } = await createDatabase(inject('postgresUrl'));
  onTestFinished(remove);
  return url;
}

async function open(url: string, pool = 4, onLink?: (link: StoreLink) => void): Promise<PostgresStore> {
  const place = storePlace(url, '/', pool);
  if (place?.kind !== 'postgres') throw new Error(url);
  const store = await PostgresStore.open({ ...place, ...(onLink ? { onLink } : {}) });
  onTestFinished(() => store.close());
  return store;
}

const as = (url: string, changes: Partial<URL>): string => Object.assign(new URL(url), changes).href;

describe('a collection into PostgreSQL', () => {
  it('continues after the server was stopped in the middle of a walk, more than once', async () => {
    const { server, url } = await ownServer();
    const store = await open(url, 10);
    const collection = await TestCollection.start({ events: 3_000, latencyMs: 30 }, { SEARCH_COUNT: '100' }, store);
    const handle = await collection.start();
    for (const pages of [8, 18]) {
      await until('it walks', () => collection.demo.requests.audits >= pages);
      await server.stop();
      await until('a step has failed for it', async () => {
        const { raw } = await handle.describe();
        return (
          raw.pendingActivities?.some(({ lastFailure }) => /\[?STORE|store/.test(lastFailure?.message ?? '')) ?? false
        );
      });
      await server.start();
    }
    await handle.result();
    await collection.expectComplete();
  }, 120_000);

  it('waits while the disk is full, and continues when there is room', async ({ skip }) => {
    const folder = mkdtempSync(join(tmpdir(), 'trawl-disk-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const disk = Disk.make(folder, 48);
    if (!disk.small) skip('this machine lets no small file system be made');
    onTestFinished(() => disk.remove());
    const { server } = await ownServer();
    const { uid, gid } = statSync(server.data);
    chownSync(folder, uid, gid);
    await onServer(
      server.url,
      `CREATE TABLESPACE small LOCATION '${folder}'`,
      'CREATE DATABASE trawl TABLESPACE small',
    );
    const store = await open(as(server.url, { pathname: '/trawl' }), 10);
    const collection = await TestCollection.start({ events: 3_000, latencyMs: 20 }, { SEARCH_COUNT: '100' }, store);
    const handle = await collection.start();
    await until('it walks', () => collection.demo.requests.audits >= 5);
    disk.fill();
    await until('a step says so', async () => {
      const { raw } = await handle.describe();
      return (
        raw.pendingActivities?.some(({ lastFailure }) => lastFailure?.message?.includes('has no room left')) ?? false
      );
    });
    disk.clear();
    await handle.result();
    await collection.expectComplete();
  }, 120_000);

  it('waits while the server is a standby, and continues with new connections', async () => {
    const url = await database();
    const store = await open(url, 10);
    const collection = await TestCollection.start({ events: 1_500, latencyMs: 30 }, { SEARCH_COUNT: '100' }, store);
    const handle = await collection.start();
    await until('it walks', () => collection.demo.requests.audits >= 5);
    const name = new URL(url).pathname.slice(1);
    const readOnly = async (is: boolean) =>
      onServer(
        inject('postgresUrl'),
        `ALTER DATABASE ${name} SET default_transaction_read_only = ${is ? 'on' : 'off'}`,
        // As a failover does.
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`,
      );
    await readOnly(true);
    await until('a step says so', async () => {
      const { raw } = await handle.describe();
      return raw.pendingActivities?.some(({ lastFailure }) => lastFailure?.message?.includes('is read-only')) ?? false;
    });
    // No connection ends: Trawl itself drops those that reported the standby.
    await onServer(inject('postgresUrl'), `ALTER DATABASE ${name} SET default_transaction_read_only = off`);
    await handle.result();
    await collection.expectComplete();
  }, 120_000);

  it('works with one connection for all activities, which take turns', async () => {
    const store = await open(await database(), 1);
    const collection = await TestCollection.start({ events: 1_000 }, { SEARCH_COUNT: '100' }, store);
    await Promise.all([collection.collect(), collection.collect(), collection.collect()]);
    await collection.expectComplete();
  }, 120_000);

  it('delays writers of the same collector, but not those of another', async () => {
    const url = await database();
    const store = await open(url);
    await store.expectRuns('asa', { cron: '', tick: null });
    const other = new pg.Client({ connectionString: url });
    await other.connect();
    onTestFinished(() => other.end());
    await other.query('BEGIN');
    await other.query("SELECT 1 FROM audit_checkpoints WHERE collector = 'asa' FOR UPDATE");
    let done = false;
    const held = store.resetCheckpoint('asa', ['k']).then(() => {
      done = true;
    });
    await store.resetCheckpoint('descope', ['k']);
    expect(done).toBe(false);
    await other.query('COMMIT');
    await held;
  });
});

describe('opening a PostgreSQL store', () => {
  const refusal = async (url: string) => {
    try {
      await open(url);
    } catch (error) {
      const { code, message, hint } = error as { code: string; message: string; hint: string };
      expect(`${message} ${hint}`).not.toContain(new URL(url).password || 'none');
      return `${code}: ${message} ${hint}`;
    }
    throw new Error('it was opened');
  };

  it('reports a wrong password, user or database', async () => {
    const url = await database();
    expect(await refusal(as(url, { password: 'wr0ng-secret' }))).toMatch(/^STORE_REFUSED.*user or password/);
    expect(await refusal(as(url, { password: '' }))).toMatch(/^STORE_REFUSED.*has a password/);
    expect(await refusal(as(url, { search: '?options=-cabsent=1' }))).toMatch(/^STORE_REFUSED.*options/);
    await onServer(inject('postgresUrl'), `ALTER DATABASE ${new URL(url).pathname.slice(1)} ALLOW_CONNECTIONS false`);
    expect(await refusal(url)).toMatch(/^STORE_REFUSED.*ALLOW_CONNECTIONS/);
    expect(await refusal(as(url, { pathname: '/absent' }))).toMatch(/^STORE_REFUSED.*no such database/);
    expect(await refusal(as(url, { port: '1' }))).toMatch(/^STORE_BUSY.*Check host and port/);
    expect(await refusal(as(url, { hostname: 'absent.invalid' }))).toMatch(/^STORE_(FAILED|BUSY)/);
  });

  it('names the grants for a role that may not create tables, and accepts it once another has created them', async () => {
    const url = await database();
    const role = `worker_${new URL(url).pathname.slice(1)}`;
    await onServer(url, `CREATE ROLE ${role} LOGIN PASSWORD 'secret-of-role'`);
    onTestFinished(() => onServer(inject('postgresUrl'), `DROP ROLE ${role}`));
    const own = as(url, { username: role, password: 'secret-of-role' });
    expect(await refusal(own)).toMatch(/^STORE_REFUSED.*GRANT USAGE, CREATE ON SCHEMA/);
    await (await open(url)).identity();
    await onServer(
      url,
      `GRANT USAGE ON SCHEMA public TO ${role}`,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${role}`,
      `GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${role}`,
    );
    const store = await open(own);
    const collection = await TestCollection.start({ events: 300 }, {}, store);
    await collection.collect();
    await collection.expectComplete();
    await onServer(url, `DROP OWNED BY ${role}`);
  }, 60_000);

  it('reports a schema that a newer version has migrated', async () => {
    const url = await database();
    await open(url);
    await onServer(url, 'INSERT INTO trawl_schema (version) VALUES (99)');
    expect(await refusal(url)).toMatch(/^STORE_NEWER.*Upgrade/);
  });
});

it('opening a store to look changes nothing, and reports what would keep a worker from writing', async () => {
  const url = await database();
  const look = (at: string) => PostgresStore.open({ url: at, name: 'the database', pool: 1, look: true });
  const refused = (at = url) =>
    look(at).then(
      (store) => store.close().then(() => 'opened'),
      ({ code }) => code as string,
    );
  // Twice, since the first look must not have made tables.
  expect([await refused(), await refused()]).toEqual(['NOT_RUNNING', 'NOT_RUNNING']);
  const role = `looker_${new URL(url).pathname.slice(1)}`;
  await onServer(url, `CREATE ROLE ${role} LOGIN PASSWORD 'secret-of-role'`);
  onTestFinished(() => onServer(inject('postgresUrl'), `DROP ROLE ${role}`));
  const own = as(url, { username: role, password: 'secret-of-role' });
  expect(await refused(own)).toBe('STORE_REFUSED');
  await open(url);
  await onServer(url, `GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}`);
  expect(await refused(own)).toBe('STORE_REFUSED');
  await onServer(url, `GRANT INSERT ON ALL TABLES IN SCHEMA public TO ${role}`);
  expect(await refused(own)).toBe('opened');
  await onServer(url, `DROP OWNED BY ${role}`);

  const store = await look(url);
  onTestFinished(() => store.close());
  expect(await store.requestWait('p', { requests: 1, periodMs: 1_000 })).toBe(0);
  const { pathname } = new URL(url);
  await onServer(url, `ALTER DATABASE ${pathname.slice(1)} SET default_transaction_read_only = on`);
  expect(await refused()).toBe('STORE_READ_ONLY');
  await onServer(url, 'SET default_transaction_read_only = off', 'DELETE FROM trawl_schema WHERE version > 1');
  expect(await refused()).toBe('STORE_OLDER');
});

it('processes that start at the same time create the tables once', async () => {
  const url = await database();
  const stores = await Promise.all(Array.from({ length: 6 }, () => open(url, 1)));
  const ids = await Promise.all(stores.map((store) => store.identity()));
  expect(new Set(ids).size).toBe(1);
});

it('each month has its own partition, and distant months share one', async () => {
  const url = await database();
  const collection = await TestCollection.start({ events: 1_200 }, {}, await open(url));
  collection.demo.insertRaw('{"id":"far","timestamp":"0001-01-01T00:00:00Z","details":{"type":"far"}}');
  await collection.collect();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  const { rows } = await client.query(
    'SELECT tableoid::regclass::text AS part, count(*)::int AS n FROM audit_events GROUP BY 1',
  );
  const parts = new Map(rows.map(({ part, n }) => [part, n]));
  expect(parts.get('audit_events_other')).toBe(1);
  expect([...parts.keys()].filter((part) => /^audit_events_\d{4}_\d\d$/.test(part)).length).toBeGreaterThan(1);
  // Its id stays known when a month is dropped.
  const month = [...parts.keys()].find((part) => part !== 'audit_events_other')!;
  await client.query(`DROP TABLE ${month}`);
  await collection.store.resetCheckpoint('asa', ['again']);
  await collection.collect();
  expect(await collection.store.eventCount('asa')).toBe(1_201 - parts.get(month)!);
}, 60_000);

it('TLS is verified as the URL requires, also with a client certificate', async () => {
  const certificates = new Certificates();
  const { folder } = certificates;
  const file = (name: string) => certificates.file(name);
  certificates.authority('ca');
  certificates.authority('other');
  certificates.certificate('server', '127.0.0.1');
  certificates.certificate('client', 'trawl');
  const { server, url } = await ownServer();
  execFileSync('chmod', ['755', folder]);
  const { uid, gid } = statSync(server.data);
  chownSync(file('server.key'), uid, gid);
  await server.stop();
  await server.start({
    ssl: 'on',
    ssl_cert_file: file('server.pem'),
    ssl_key_file: file('server.key'),
    ssl_ca_file: file('ca.pem'),
  });
  const tls = (parameters: Record<string, string>) => as(url, { search: new URLSearchParams(parameters).toString() });
  const linked = async (parameters: Record<string, string>) => {
    const links: StoreLink[] = [];
    const store = await open(tls(parameters), 4, (link) => links.push(link));
    expect(await store.identity()).toHaveLength(16);
    const [row] = await query<{ used: string | null }>(
      storePlace(tls(parameters), '/', 1)!,
      'SELECT version AS used FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
    );
    const link = links.at(-1);
    if ('sslmode' in parameters) expect(link).toMatchObject({ tls: row!.used, isLocal: true });
    return link;
  };
  const ca = { sslrootcert: file('ca.pem') };
  const own = { sslcert: file('client.pem'), sslkey: file('client.key') };
  const verified = { verified: 'host', passesVerification: true };
  expect(await linked({ sslmode: 'verify-full', ...ca })).toMatchObject(verified);
  expect(await linked({ sslmode: 'verify-full', ...ca, ...own })).toMatchObject(verified);
  expect(await linked({ sslmode: 'verify-ca', ...ca })).toMatchObject({ ...verified, verified: 'authority' });
  const unverified = { tls: 'TLSv1.3', verified: 'nothing', passesVerification: false };
  for (const parameters of [{ sslmode: 'require' }, { sslmode: 'prefer' }, {}])
    expect(await linked(parameters as Record<string, string>)).toMatchObject(unverified);
  expect(await linked({ sslmode: 'prefer', ...ca })).toMatchObject({ ...unverified, passesVerification: true });
  expect(await linked({ sslmode: 'disable' })).toMatchObject({ tls: null });
  const refused = expect.objectContaining({ code: 'STORE_REFUSED', hint: expect.stringContaining('sslrootcert') });
  await expect(open(tls({ sslmode: 'verify-full', sslrootcert: file('other.pem') }))).rejects.toThrow(refused);
  await expect(open(tls({ sslmode: 'verify-full', sslrootcert: file('absent.pem') }))).rejects.toThrow(refused);
  await server.stop();
  await server.start();
  await expect(open(tls({ sslmode: 'require' }))).rejects.toThrow(refused);
  expect(await linked({})).toMatchObject({ tls: null, verified: 'nothing' });
}, 60_000);
