import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startDemoDescope } from '../../demo/descope/server.js';
import { startDemoSkyflow } from '../../demo/skyflow/server.js';
import { DatabaseSync } from '../../src/sqlite-driver.js';
import { Certificates } from '../support/certificates.js';
import { Place } from '../support/cli.js';
import { until } from '../support/collection.js';
import { placeWithoutWorker } from '../support/namespace.js';

interface Line {
  check: string;
  outcome: string;
  detail: string;
  code?: string;
}

async function linesOf(place: Place, name = 'asa'): Promise<{ code: number | null; lines: Record<string, Line> }> {
  const { code, stdout } = await place.run('check', name, '--json');
  return { code, lines: Object.fromEntries((JSON.parse(stdout) as Line[]).map((line) => [line.check, line])) };
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function tlsServer(certificates: Certificates): Server {
  const [key, cert] = ['server.key', 'server.pem'].map((name) => readFileSync(certificates.file(name)));
  return createTlsServer({ key, cert });
}

/** A server in front of another one, with a clock of its own. */
async function withClock(target: string, aheadMs: number): Promise<string> {
  const { hostname, port, pathname } = new URL(target);
  const server = createServer((asked, response) => {
    const onward = request(
      { hostname, port, path: asked.url, method: asked.method, headers: asked.headers },
      (answer) => {
        response.writeHead(answer.statusCode!, {
          ...answer.headers,
          date: new Date(Date.now() + aheadMs).toUTCString(),
        });
        answer.pipe(response);
      },
    );
    asked.pipe(onward);
  });
  return `http://127.0.0.1:${await listening(server)}${pathname}`;
}

describe('trawl check', () => {
  it('passes if everything works, and stores nothing', async () => {
    const { place, demo } = await Place.withDemo({ events: 7 });
    const { code, lines } = await linesOf(place);
    expect(code).toBe(0);
    for (const check of ['store', 'settings', 'credentials', 'role', 'first page', 'clock', 'Temporal'])
      expect(lines[check]).toMatchObject({ outcome: 'passed' });
    expect(lines['first page']!.detail).toContain('7 events');
    expect(demo.requests.audits).toBe(1);
    expect(existsSync(join(place.folder, 'data', 'trawl.db'))).toBe(false);
  });

  it.each([
    ['a wrong key', { ASA_KEY_SECRET: 'd3Jvbmc=' }, 'credentials', 'CREDENTIALS_REFUSED'],
    [
      'a host that does not exist',
      { ASA_BASE_URL: 'https://trawl.invalid/v1' },
      'name resolution',
      'SOURCE_UNAVAILABLE',
    ],
    ['nothing that listens', { ASA_BASE_URL: 'https://127.0.0.1:1/v1' }, 'TLS', 'SOURCE_UNAVAILABLE'],
    ['a wrong setting', { SEARCH_COUNT: '0' }, 'settings', 'SETTINGS_INVALID'],
    ['no Temporal server', { TEMPORAL_ADDRESS: '127.0.0.1:1' }, 'Temporal', 'TEMPORAL_UNREACHABLE'],
    ['no store', { TRAWL_STORE: 'postgres://nobody:marker@127.0.0.1:1/none' }, 'store', 'STORE'],
  ])(
    '%s: reports the failing part, tries the rest, and exits with 1',
    async (_, env, check, failure) => {
      const { place, demo } = await Place.withDemo({ events: 1 }, env);
      const { code, lines } = await linesOf(place);
      expect(code).toBe(1);
      expect(Object.values(lines).filter(({ outcome }) => outcome === 'failed')).toEqual([
        expect.objectContaining({ check, code: expect.stringContaining(failure) }),
      ]);
      expect(JSON.stringify(lines)).not.toContain(demo.keySecret);
      expect(JSON.stringify(lines)).not.toContain('marker');
      for (const line of Object.values(lines)) expect(line.detail).not.toBe('');
      const text = await place.run('check', 'asa');
      expect(text.stdout).toMatch(new RegExp(`^FAILED +${check} `, 'm'));
    },
    60_000,
  );

  it('reports a key that may not read the audit log', async () => {
    const { place, demo } = await Place.withDemo({ events: 1 });
    demo.faults.add({ kind: 'status', status: 403, times: 100 });
    const { lines } = await linesOf(place);
    expect(lines.role).toMatchObject({ outcome: 'failed', code: 'ACCESS_DENIED' });
    expect(lines.credentials).toMatchObject({ outcome: 'passed' });
    expect(lines['first page']).toMatchObject({ outcome: 'skipped' });
  });

  it.each([
    [5_000, 'passed'],
    [-90_000, 'warning'],
    [-3_600_000, 'failed'],
    [3_600_000, 'failed'],
  ])('a source whose clock is %d ms ahead: %s', async (aheadMs, outcome) => {
    const { place, demo } = await Place.withDemo({ events: 1 });
    place.env.ASA_BASE_URL = await withClock(demo.baseUrl, aheadMs);
    const { lines, code } = await linesOf(place);
    expect(lines.clock).toMatchObject({ outcome });
    expect(code).toBe(outcome === 'failed' ? 1 : 0);
  });

  it.each([
    ['of another host', 'elsewhere.example', 2, /for another host/],
    ['that has expired', 'localhost', -1, /renew the certificate/],
  ])('a certificate %s', async (_, subject, days, hint) => {
    const certificates = new Certificates();
    certificates.authority('ca');
    certificates.certificate('server', subject, days);
    const port = await listening(tlsServer(certificates));
    const { place } = await Place.withDemo({ events: 1 }, { ASA_BASE_URL: `https://localhost:${port}/v1` });
    place.env.NODE_EXTRA_CA_CERTS = certificates.file('ca.pem');
    const { code, lines } = await linesOf(place);
    expect(code).toBe(1);
    expect(lines.TLS).toMatchObject({ outcome: 'failed', detail: expect.stringMatching(hint) });
    expect(lines['first page']).toMatchObject({ outcome: 'skipped', detail: 'the source cannot be reached' });
  });

  it('reports a certificate that is not trusted, and one that expires soon', async () => {
    const certificates = new Certificates();
    certificates.authority('ca');
    certificates.certificate('server', 'localhost');
    const server = tlsServer(certificates);
    const port = await listening(server);
    const { place } = await Place.withDemo({ events: 1 }, { ASA_BASE_URL: `https://localhost:${port}/v1` });
    server.on('request', (_, response) => response.writeHead(403).end());
    const refused = await linesOf(place);
    expect(refused.lines.TLS).toMatchObject({
      outcome: 'failed',
      detail: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
    });
    expect(refused.lines.credentials).toMatchObject({ outcome: 'skipped' });
    place.env.NODE_EXTRA_CA_CERTS = certificates.file('ca.pem');
    const trusted = await linesOf(place);
    expect(trusted.lines.TLS).toMatchObject({
      outcome: 'warning',
      detail: expect.stringMatching(/expires in (1 day|2 days)/),
    });
  }, 60_000);
});

describe('trawl check of each source', () => {
  /** A used store, and the properties that show any change to it. */
  async function usedStore(place: Place): Promise<() => string> {
    place.env.TRAWL_STORE = 'sqlite:used.db';
    await place.run('env', 'set', 'globex', 'source=asa', 'searchCount=100');
    const path = join(place.folder, 'used.db');
    return () => createHash('sha256').update(readFileSync(path)).digest('hex');
  }

  it('asa: passes, and leaves the store unchanged', async () => {
    const { place } = await Place.withDemo({ events: 7 });
    const state = await usedStore(place);
    const before = state();
    const { code, lines } = await linesOf(place);
    expect({ code, page: lines['first page'] }).toMatchObject({ code: 0, page: { outcome: 'passed' } });
    expect(lines.store!.detail).toMatch(/used\.db: schema \d+, current; writable/);
    expect(state()).toBe(before);
  });

  it('descope: passes, leaves the store unchanged, and prints no secret', async () => {
    const demo = await startDemoDescope({ events: 20 });
    onTestFinished(() => demo.close());
    const { place } = await Place.withDemo(
      { events: 1 },
      {
        DESCOPE_PROJECT_ID: demo.projectId,
        DESCOPE_MANAGEMENT_KEY: demo.managementKey,
        DESCOPE_BASE_URL: demo.baseUrl,
      },
    );
    const state = await usedStore(place);
    const before = state();
    const passed = await linesOf(place, 'descope');
    expect(passed).toMatchObject({
      code: 0,
      lines: { 'first page': { outcome: 'passed' }, clock: { outcome: 'passed' } },
    });
    expect(state()).toBe(before);
    place.env.DESCOPE_MANAGEMENT_KEY = 'marker-of-a-key';
    const refused = await linesOf(place, 'descope');
    expect(refused).toMatchObject({ code: 1, lines: { credentials: { code: 'CREDENTIALS_REFUSED' } } });
    expect(JSON.stringify([passed, refused])).not.toContain('marker');
    expect(JSON.stringify([passed, refused])).not.toContain(demo.managementKey);
    expect(state()).toBe(before);
  });

  it('skyflow: passes with a key and with a service account, and distinguishes the token server from the vault', async () => {
    const demo = await startDemoSkyflow({ events: 20 });
    onTestFinished(() => demo.close());
    const { place } = await Place.withDemo(
      { events: 1 },
      {
        SKYFLOW_ACCOUNT_ID: demo.accountId,
        SKYFLOW_VAULT_URL: demo.vaultUrl,
        SKYFLOW_API_KEY: demo.signIn.apiKey,
      },
    );
    const state = await usedStore(place);
    const before = state();
    expect(await linesOf(place, 'skyflow')).toMatchObject({ code: 0, lines: { 'first page': { outcome: 'passed' } } });
    delete place.env.SKYFLOW_API_KEY;
    place.env.SKYFLOW_CREDENTIALS = JSON.stringify(demo.credentials());
    const signedIn = await linesOf(place, 'skyflow');
    expect(signedIn).toMatchObject({ code: 0, lines: { credentials: { outcome: 'passed' } } });
    demo.faults.add({ kind: 'status', status: 503, target: 'token' });
    const away = await linesOf(place, 'skyflow');
    expect(away).toMatchObject({
      code: 1,
      lines: {
        credentials: { code: 'SOURCE_UNAVAILABLE' },
        role: { outcome: 'skipped' },
        'first page': { outcome: 'skipped' },
      },
    });
    expect(JSON.stringify([signedIn, away])).not.toContain('PRIVATE KEY');
    expect(state()).toBe(before);
  });
});

describe('trawl check of the store, the sinks and Temporal', () => {
  it('says why it did not try the parts that need the settings', async () => {
    const { place } = await Place.withDemo({ events: 1 }, { SEARCH_COUNT: '0' });
    const { lines } = await linesOf(place);
    for (const check of ['name resolution', 'TLS', 'credentials', 'role', 'first page', 'clock'])
      expect(lines[check]).toMatchObject({ outcome: 'skipped', detail: expect.stringContaining('settings') });
    expect(await linesOf(place, 'nobody')).toMatchObject({
      code: 1,
      lines: { settings: { code: 'COLLECTOR_UNKNOWN' } },
    });
  });

  it.each([
    ['an earlier', -1, 'warning', undefined, 0],
    ['a later', 1, 'failed', 'STORE_NEWER', 1],
  ])('reports a store of %s version, and leaves it unchanged', async (_, by, outcome, failure, exit) => {
    const { place } = await Place.withDemo({ events: 1 }, { TRAWL_STORE: 'sqlite:other.db' });
    await place.run('env', 'set', 'globex', 'source=asa', 'searchCount=100');
    const version = (change: number) => {
      const db = new DatabaseSync(join(place.folder, 'other.db'));
      const { user_version: now } = db.prepare('PRAGMA user_version').get() as { user_version: number };
      if (change !== 0) db.exec(`PRAGMA user_version = ${now + change}`);
      db.close();
      return now;
    };
    const original = version(by);
    const { code, lines } = await linesOf(place);
    expect({ code, line: lines.store }).toMatchObject({ code: exit, line: { outcome } });
    expect(lines.store!.code).toBe(failure);
    expect(lines.store!.detail).toContain(`schema ${original + by}`);
    expect(lines.settings!.detail).toContain('from the environment alone');
    expect(version(0)).toBe(original + by);
    expect((await linesOf(place, 'globex')).lines.settings).toMatchObject({ outcome: 'skipped' });
  });

  it('reports each sink: one that accepts events, and one that does not answer', async () => {
    const { place } = await Place.withDemo({ events: 1 });
    mkdirSync(join(place.folder, 'archive'));
    await place.run('env', 'set', 'sink:archive', 'kind=files', `path=${join(place.folder, 'archive')}`);
    await place.run('env', 'set', 'sink:hook', 'kind=webhook', 'url=http://127.0.0.1:1/in');
    await place.run('env', 'set', 'asa', 'offload=archive,hook');
    const { code, lines } = await linesOf(place);
    expect(code).toBe(1);
    expect(lines['sink archive']).toMatchObject({ outcome: 'passed' });
    expect(lines['sink hook']).toMatchObject({ outcome: 'failed', code: 'SINK_UNAVAILABLE' });
  });

  it('reports a missing namespace, and no worker, one worker, or one with a different store', async () => {
    const { place } = await placeWithoutWorker({ events: 1 });
    const worker = async () => (await linesOf(place)).lines.worker!;
    expect(await worker()).toMatchObject({ outcome: 'warning', detail: expect.stringContaining('trawl worker') });
    const running = place.start('worker');
    await until('the worker runs', () => running.stderr.includes('A worker runs'));
    expect(await worker()).toMatchObject({ outcome: 'passed' });
    place.env.TRAWL_STORE = 'sqlite:elsewhere.db';
    await place.run('env', 'set', 'asa', 'searchCount=100');
    expect(await worker()).toMatchObject({ outcome: 'warning', detail: expect.stringContaining('TRAWL_STORE') });
    place.env.TEMPORAL_NAMESPACE = 'not-there';
    const { code, lines } = await linesOf(place);
    expect({ code, lines }).toMatchObject({
      code: 1,
      lines: { Temporal: { code: 'TEMPORAL_REFUSED' }, worker: { outcome: 'skipped' } },
    });
  }, 60_000);
});
