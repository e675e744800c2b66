import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { TrawlError } from '../../src/errors.js';
import { storePlace } from '../../src/stores/place.js';
import { openStore } from '../../src/stores/registry.js';

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

const error = (code: string, text: string) => message('E', Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${text}\0\0`));

/** A server that answers every startup packet with these bytes. */
async function answering(answer: Buffer): Promise<{ place: string; asked: Record<string, string>[] }> {
  const asked: Record<string, string>[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', (packet) => {
      asked.push(parametersOf(packet));
      socket.end(answer);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { place: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

async function refusal(place: string, query = '', user = 'ada:hunter2'): Promise<TrawlError> {
  const error = await openStore(storePlace(`postgres://${user}@${place}/audit${query}`, '/', 1)!).then(
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
