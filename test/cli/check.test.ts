import { existsSync, readFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Certificates } from '../support/certificates.js';
import { Place } from '../support/cli.js';

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

/** A server before another one, with a clock of its own. */
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
  it('passes where all is well, and stores nothing', async () => {
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
    '%s: says where it fails, tries the rest, and ends with 1',
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

  it('a key that may not read the audit log', async () => {
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

  it('a certificate that is not trusted, and one that ends soon', async () => {
    const certificates = new Certificates();
    certificates.authority('ca');
    certificates.certificate('server', 'localhost');
    const server = createTlsServer({
      key: readFileSync(certificates.file('server.key')),
      cert: readFileSync(certificates.file('server.pem')),
    });
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
    expect(trusted.lines.TLS).toMatchObject({ outcome: 'warning', detail: expect.stringMatching(/ends in [12] days/) });
  }, 60_000);
});
