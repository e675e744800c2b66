import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { TrawlError } from '../../src/errors.js';
import { LinkWatch, linkWarning, type StoreLink } from '../../src/stores/link.js';
import { storePlace } from '../../src/stores/place.js';
import { openStore } from '../../src/stores/registry.js';
import { Certificates } from '../support/certificates.js';
import { blockThatBegins } from '../support/doc-blocks.js';

/** The parameters of a startup packet: after its length and version, names and values that end with NUL. */
function parametersOf(packet: Buffer): Record<string, string> {
  const texts = packet.subarray(8).toString('utf8').split('\0');
  return Object.fromEntries(Array.from({ length: texts.length >> 1 }, (_, i) => [texts[2 * i]!, texts[2 * i + 1]!]));
}

function message(type: string, body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.byteLength + 4);
  return Buffer.concat([Buffer.from(type), length, body]);
}

/** Length and code of SSLRequest. */
const tlsRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

const error = (code: string, text: string) => message('E', Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${text}\0\0`));

interface ServerOptions {
  /** The answer to the request for TLS: `S` begins it, none closes the connection. */
  tls?: string;
  key?: { key: Buffer; cert: Buffer };
}

interface Server {
  place: string;
  /** What was sent on each connection, and whether it was encrypted. */
  asked: Record<string, string>[];
  connections: ('TLS' | 'asked' | 'clear')[];
}

/** A server that answers every startup packet with these bytes. */
async function answering(answer: Buffer, { tls = 'N', key }: ServerOptions = {}): Promise<Server> {
  const asked: Record<string, string>[] = [];
  const connections: Server['connections'] = [];
  const sockets = new Set<Socket>();
  const expectStartup = (socket: Socket) =>
    socket.once('data', (packet) => {
      asked.push(parametersOf(packet));
      socket.end(answer);
    });
  const server = createServer((socket) => {
    sockets.add(socket);
    const at = connections.push('clear') - 1;
    socket.on('error', () => undefined);
    socket.once('data', (packet) => {
      if (!packet.equals(tlsRequest)) {
        asked.push(parametersOf(packet));
        socket.end(answer);
        return;
      }
      connections[at] = 'asked';
      if (tls === '') socket.destroy();
      else socket.write(tls, 'latin1');
      if (!key) return void expectStartup(socket);
      const secure = new TLSSocket(socket, { isServer: true, ...key });
      secure.on('error', () => undefined);
      secure.once('secure', () => {
        connections[at] = 'TLS';
      });
      expectStartup(secure);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { place: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked, connections };
}

const opening = (url: string) => openStore(storePlace(url, '/', 1)!);

async function refusal(place: string, query = '', user = 'ada:hunter2'): Promise<TrawlError> {
  const error = await opening(`postgres://${user}@${place}/audit${query}`).then(
    () => undefined,
    (thrown: unknown) => thrown as TrawlError,
  );
  expect(error).toMatchObject({ name: 'TrawlError' });
  expect(`${error!.message} ${error!.hint}`).not.toContain('hunter2');
  return error!;
}

/** Each with whether a retry may help, and what the person has to do or to wait for. */
const refusals: [code: string, text: string, expected: string, retry: boolean, hint: RegExp][] = [
  ['28P01', 'password authentication failed for user "ada"', 'STORE_REFUSED', false, /TRAWL_STORE/],
  ['28000', 'no pg_hba.conf entry for host', 'STORE_REFUSED', false, /pg_hba/],
  ['28000', 'no pg_hba.conf entry for host "::1", user "ada", SSL encryption', 'STORE_REFUSED', false, /=disable/],
  ['28000', 'no pg_hba.conf entry for host "::1", user "ada", no encryption', 'STORE_REFUSED', false, /pg_hba/],
  ['28ABC', 'anything else about the user', 'STORE_REFUSED', false, /pg_hba/],
  ['3D000', 'database "audit" does not exist', 'STORE_REFUSED', false, /Create it/],
  ['55000', 'database "audit" is not currently accepting connections', 'STORE_REFUSED', false, /ALLOW_CONNECTIONS/],
  ['42501', 'permission denied for database "audit"', 'STORE_REFUSED', false, /GRANT CONNECT/],
  ['42704', 'unrecognized configuration parameter "x"', 'STORE_REFUSED', false, /options/],
  ['22023', 'invalid value for parameter "TimeZone": "x"', 'STORE_REFUSED', false, /options/],
  ['55P02', 'parameter "shared_buffers" cannot be changed', 'STORE_REFUSED', false, /options/],
  ['0A000', 'RDS Proxy does not support command-line options', 'STORE_REFUSED', false, /options/],
  ['57P04', 'database was dropped', 'STORE_REFUSED', false, /Create it/],
  ['53300', 'sorry, too many clients already', 'STORE_BUSY', true, /max_connections/],
  ['53200', 'out of memory', 'STORE_BUSY', true, /resumes/],
  ['53400', 'configuration limit exceeded', 'STORE_BUSY', true, /resumes/],
  ['57P01', 'terminating connection due to administrator command', 'STORE_BUSY', true, /resumes/],
  ['57P03', 'the database system is starting up', 'STORE_BUSY', true, /resumes/],
  ['08006', 'connection failure', 'STORE_BUSY', true, /resumes/],
  ['08P01', 'unsupported startup parameter: statement_timeout', 'STORE_REFUSED', false, /ignore_startup_parameters = /],
  ['08P01', 'unsupported startup parameter in options: x', 'STORE_REFUSED', false, /parameters = \S*,options,x /],
  ['08P01', 'unsupported options startup parameter: only -c', 'STORE_REFUSED', false, /parameters = \S*,options /],
  ['08P01', 'no such database: audit', 'STORE_REFUSED', false, /pooler/],
  ['08P01', 'no such user: ada', 'STORE_REFUSED', false, /TRAWL_STORE/],
  ['08P01', 'SASL authentication failed', 'STORE_REFUSED', false, /TRAWL_STORE/],
  ['08P01', 'server login failed: FATAL password authentication failed', 'STORE_REFUSED', false, /pooler/],
  ['08P01', 'SSL required', 'STORE_REFUSED', false, /sslmode/],
  ['08P01', 'bouncer config error', 'STORE_REFUSED', false, /pooler/],
  ['08P01', 'no more connections allowed (max_client_conn)', 'STORE_BUSY', true, /resumes/],
  ['08P01', 'server login failed: FATAL sorry, too many clients already', 'STORE_BUSY', true, /resumes/],
  ['08P01', 'query_wait_timeout', 'STORE_BUSY', true, /resumes/],
  ['08P01', 'pgbouncer cannot connect to server', 'STORE_BUSY', true, /resumes/],
  ['XX000', 'Tenant or user not found', 'STORE_REFUSED', false, /TRAWL_STORE/],
];

describe('a PostgreSQL or pooler that refuses a connection', () => {
  it.each(refusals)('with %s "%s" is %s (retried: %s)', async (code, text, expected, retry, hint) => {
    const { place } = await answering(error(code, text));
    expect(await refusal(place)).toMatchObject({
      code: expected,
      retry,
      message: expect.stringContaining(text),
      hint: expect.stringMatching(hint),
    });
  });

  it('is asked with no parameter that the line for PgBouncer lacks', async () => {
    const { place, asked } = await answering(error('08P01', 'unsupported startup parameter: lock_timeout'));
    const { hint } = await refusal(place);
    const line = /ignore_startup_parameters = (\S+)/.exec(hint)![1]!.split(',');
    const known = ['user', 'database', 'application_name', 'client_encoding'];
    expect(
      Object.keys(asked[0]!)
        .filter((name) => name !== '' && !known.includes(name))
        .sort(),
    ).toEqual(line.sort());
    const ini = blockThatBegins('docs/postgres.md', 'pool_mode = session');
    expect(ini).toBe(`pool_mode = session\nignore_startup_parameters = ${/parameters = (\S+)/.exec(hint)![1]}\n`);
  });
});

describe('without sslmode', () => {
  const denied = error('28P01', 'password authentication failed for user "ada"');
  const keys = () => {
    const certificates = new Certificates();
    certificates.authority('server');
    return {
      key: readFileSync(certificates.file('server.key')),
      cert: readFileSync(certificates.file('server.pem')),
    };
  };

  it.each(['', '?sslmode=prefer'])(
    'TLS is used where the server has it, whatever its certificate ("%s")',
    async (query) => {
      const { place, asked, connections } = await answering(denied, { tls: 'S', key: keys() });
      expect(await refusal(place, query)).toMatchObject({
        code: 'STORE_REFUSED',
        hint: expect.stringContaining('Correct'),
      });
      expect(connections).toEqual(['TLS']);
      expect(asked).toEqual([expect.objectContaining({ user: 'ada' })]);
    },
  );

  it.each(['', '?sslmode=prefer'])(
    'the same connection goes on in the clear where it has none ("%s")',
    async (query) => {
      const { place, asked, connections } = await answering(denied);
      expect(await refusal(place, query)).toMatchObject({
        code: 'STORE_REFUSED',
        hint: expect.stringContaining('Correct'),
      });
      expect(connections).toEqual(['asked']);
      expect(asked).toEqual([expect.objectContaining({ user: 'ada' })]);
    },
  );

  it.each([
    ['closes the connection', ''],
    ['answers with an error', 'EFATAL: anything\0'],
    ['answers no, and something else', 'NR'],
    ['answers yes, and something else', 'SR'],
  ])('nothing is sent to a server that %s, and the error says how to go without', async (_, tls) => {
    const { place, asked, connections } = await answering(denied, { tls });
    expect(await refusal(place)).toMatchObject({
      code: 'STORE_BUSY',
      message: expect.not.stringContaining('anything'),
      hint: expect.stringContaining('sslmode=disable'),
    });
    expect(connections).toEqual(['asked']);
    expect(asked).toEqual([]);
  });

  it('a handshake that fails does not lead to the clear', async () => {
    const { place, connections } = await answering(Buffer.from('not TLS at all'), { tls: 'S' });
    expect(await refusal(place)).toMatchObject({
      code: 'STORE_REFUSED',
      hint: expect.stringContaining('sslmode=disable'),
    });
    expect(connections).toEqual(['asked']);
  });

  it.each(['?sslmode=require', '?sslmode=verify-full', '?ssl=true'])(
    'but with %s, nothing goes in the clear',
    async (query) => {
      const { place, asked, connections } = await answering(denied);
      expect(await refusal(place, query)).toMatchObject({
        code: 'STORE_REFUSED',
        hint: expect.stringContaining('sslmode'),
      });
      expect(connections).toEqual(['asked']);
      expect(asked).toEqual([]);
    },
  );

  it('an invalid certificate is refused with sslmode=verify-full', async () => {
    const { place, asked } = await answering(denied, { tls: 'S', key: keys() });
    expect(await refusal(place, '?sslmode=verify-full')).toMatchObject({ code: 'STORE_REFUSED' });
    expect(asked).toEqual([]);
  });

  it('the environment counts: PGSSLMODE=require sends nothing in the clear, and disable asks for no TLS', async () => {
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    vi.stubEnv('PGSSLMODE', 'require');
    const { place, asked, connections } = await answering(denied);
    await refusal(place);
    expect(asked).toEqual([]);
    vi.stubEnv('PGSSLMODE', 'disable');
    await refusal(place);
    expect(connections).toEqual(['asked', 'clear']);
    expect(asked).toHaveLength(1);
    await refusal(place, '?sslmode=prefer');
    expect(connections.at(-1)).toBe('asked');
  });
});

it('the URL of docs/postgres.md verifies the server by the authority that it names', async () => {
  const certificates = new Certificates();
  certificates.authority('ca');
  certificates.certificate('server', '127.0.0.1');
  const [key, cert] = ['server.key', 'server.pem'].map((name) => readFileSync(certificates.file(name)));
  const denied = error('28P01', 'password authentication failed');
  const { place, asked } = await answering(denied, { tls: 'S', key: { key: key!, cert: cert! } });
  const url = (authority: string) =>
    blockThatBegins('docs/postgres.md', 'postgres://trawl_collector@db.example/security?')
      .trim()
      .replace('db.example', place)
      .replace('/path/ca.pem', certificates.file(authority));
  certificates.authority('another');
  await expect(opening(url('another.pem'))).rejects.toMatchObject({ code: 'STORE_REFUSED' });
  expect(asked).toEqual([]);
  await expect(opening(url('ca.pem'))).rejects.toMatchObject({ message: expect.stringContaining('password') });
  expect(asked).toEqual([expect.objectContaining({ user: 'trawl_collector', database: 'security' })]);
});

describe('the warning about a connection to the store', () => {
  const link = { isLocal: false, tls: 'TLSv1.3', verified: 'nothing', passesVerification: false } as const;

  it.each<[string, Partial<StoreLink>, RegExp | undefined]>([
    ['in the clear', { tls: null }, /^no TLS: others on the network can read.*sslmode=verify-full.*sslrootcert/],
    ['with a certificate that nobody looks at', {}, /^TLSv1.3, certificate not verified: .*sslrootcert/],
    [
      'whose certificate would pass',
      { passesVerification: true },
      /is valid: add sslmode=verify-full to TRAWL_STORE\.$/,
    ],
    ['whose certificate is verified', { verified: 'host', passesVerification: true }, undefined],
    ['whose authority is verified', { verified: 'authority', passesVerification: true }, undefined],
    ['on this machine', { isLocal: true }, undefined],
    ['in the clear on this machine', { isLocal: true, tls: null }, undefined],
  ])('%s', (_, more, expected) => {
    const warning = linkWarning({ ...link, ...more });
    if (expected === undefined) expect(warning).toBeUndefined();
    else expect(warning).toMatch(expected);
  });

  it('comes once, and again where a later connection is another one', () => {
    const watch = new LinkWatch();
    watch.note(link);
    const warnings: string[] = [];
    watch.warnBy((warning) => warnings.push(warning));
    watch.note(link);
    watch.note({ ...link, verified: 'host' });
    watch.note({ ...link, tls: null });
    watch.note({ ...link, tls: null });
    expect(warnings).toEqual([expect.stringMatching(/^TLSv1.3/), expect.stringMatching(/^no TLS/)]);
    expect(watch.last).toMatchObject({ tls: null });
  });
});

describe('the files that TRAWL_STORE names', () => {
  it.each([
    ['that are absent', (folder: string) => join(folder, 'absent')],
    ['that are folders', (folder: string) => folder],
    ['that are below a file', (folder: string) => join(folder, 'text', 'x')],
  ])('%s are an error that names what to check', async (_, pathIn) => {
    const folder = mkdtempSync(join(tmpdir(), 'trawl-unit-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'text'), '');
    const { place } = await answering(Buffer.from('S'));
    const query = `?sslmode=verify-full&sslrootcert=${encodeURIComponent(pathIn(folder))}`;
    expect(await refusal(place, query)).toMatchObject({
      code: 'STORE_REFUSED',
      hint: expect.stringContaining('sslrootcert'),
    });
  });

  it('are wanted for sslmode=verify-ca', async () => {
    expect(await refusal('127.0.0.1:1', '?sslmode=verify-ca')).toMatchObject({
      code: 'STORE_REFUSED',
      hint: expect.stringContaining('sslrootcert'),
    });
  });
});
