import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect as connectTcp, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { NativeConnection } from '@temporalio/worker';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { TrawlError } from '../../src/errors.js';
import { connect } from '../../src/temporal/connect.js';
import { configuredTemporal } from '../../src/temporal/connection.js';
import { Certificates } from '../support/certificates.js';
import { Place } from '../support/cli.js';

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The Temporal server behind TLS. */
function behindTls(options: TlsOptions): Promise<string> {
  const [host, port] = inject('temporalAddress').split(':');
  const server = createTlsServer({ ALPNProtocols: ['h2'], ...options }, (socket) => {
    const upstream = connectTcp(Number(port), host!);
    socket.pipe(upstream).pipe(socket);
    socket.on('error', () => upstream.destroy());
    upstream.on('error', () => socket.destroy());
  });
  return listening(server);
}

function certificates(): Certificates {
  const made = new Certificates();
  made.authority('ca');
  made.certificate('server', '127.0.0.1');
  return made;
}

function pair(made: Certificates, name: string): TlsOptions {
  return { cert: readFileSync(made.file(`${name}.pem`)), key: readFileSync(made.file(`${name}.key`)) };
}

async function refusal(env: Record<string, string>): Promise<{ code: string; message: string; hint: string }> {
  try {
    const client = await connect(configuredTemporal(env)!);
    await client.connection.close();
  } catch (error) {
    if (error instanceof TrawlError) return error;
    throw error;
  }
  throw new Error('the server was taken');
}

function refused(code: string, message: string, hint: string): object {
  return { code, message: expect.stringContaining(message), hint: expect.stringContaining(hint) };
}

/** All at once, since each waits for the connection's time-out. */
async function expectRefusals(cases: readonly (readonly [Record<string, string>, object])[]): Promise<void> {
  const found = await Promise.all(cases.map(([env]) => refusal(env)));
  for (const [place, [, expected]] of cases.entries()) expect(found[place]).toMatchObject(expected);
}

describe('a server is taken', () => {
  it('with its authority and a client certificate', async () => {
    const made = certificates();
    made.certificate('client', 'trawl');
    const TEMPORAL_ADDRESS = await behindTls({
      ...pair(made, 'server'),
      ca: readFileSync(made.file('ca.pem')),
      requestCert: true,
      rejectUnauthorized: true,
    });
    const env = {
      TEMPORAL_ADDRESS,
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: made.file('ca.pem'),
      TEMPORAL_TLS_CLIENT_CERT_PATH: made.file('client.pem'),
      TEMPORAL_TLS_CLIENT_KEY_PATH: made.file('client.key'),
    };
    const client = await connect(configuredTemporal(env)!);
    await client.connection.close();

    const { TEMPORAL_TLS_CLIENT_CERT_PATH, TEMPORAL_TLS_CLIENT_KEY_PATH, ...without } = env;
    made.authority('other');
    made.certificate('old', 'trawl', -1);
    const withPair = (certificate: string, key: string) => ({
      ...env,
      TEMPORAL_TLS_CLIENT_CERT_PATH: made.file(certificate),
      TEMPORAL_TLS_CLIENT_KEY_PATH: made.file(key),
    });
    const hint = 'TEMPORAL_TLS_CLIENT_CERT_PATH';
    await expectRefusals([
      [without, refused('TEMPORAL_REFUSED', 'requires a client certificate', hint)],
      [withPair('other.pem', 'other.key'), refused('TEMPORAL_REFUSED', 'does not accept the client certificate', hint)],
      [withPair('client.pem', 'server.key'), refused('TEMPORAL_REFUSED', 'key values mismatch', 'TEMPORAL_TLS')],
      [withPair('old.pem', 'old.key'), refused('TEMPORAL_REFUSED', 'client certificate expired on 20', hint)],
    ]);
  });

  it('by an API key over TLS', async () => {
    const made = certificates();
    const client = await connect(
      configuredTemporal({
        TEMPORAL_ADDRESS: await behindTls(pair(made, 'server')),
        TEMPORAL_TLS_SERVER_CA_CERT_PATH: made.file('ca.pem'),
        TEMPORAL_API_KEY: 'key',
      })!,
    );
    await client.connection.close();
  });
});

/** A proxy that leads every tunnel to this address, or refuses it with a status. */
async function tunnelling(to: string | number) {
  const asked: string[] = [];
  const server = createHttpServer().on('connect', (request, socket: Socket) => {
    asked.push(`${request.url} ${request.headers['proxy-authorization'] ?? ''}`.trim());
    socket.on('error', () => undefined);
    if (typeof to === 'number') return socket.end(`HTTP/1.1 ${to} No\r\nContent-Length: 0\r\n\r\n`);
    const [host, port] = to.split(':');
    const upstream = connectTcp(Number(port), host!, () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
    upstream.on('error', () => socket.destroy());
    socket.on('close', () => upstream.destroy());
    return socket.pipe(upstream).pipe(socket);
  });
  return { place: await listening(server), asked };
}

describe('a proxy', () => {
  it('leads a client and a worker to a server with TLS, by one rule', async () => {
    const made = certificates();
    made.certificate('named', 'temporal.invalid');
    const { place, asked } = await tunnelling(await behindTls(pair(made, 'named')));
    const address = configuredTemporal({
      TEMPORAL_ADDRESS: 'temporal.invalid:7233',
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: made.file('ca.pem'),
      HTTPS_PROXY: `ada:s%20t@${place}`,
    })!;
    const client = await connect(address);
    await client.connection.close();
    const worker = await NativeConnection.connect(address.connection);
    await worker.close();
    const expected = `temporal.invalid:7233 Basic ${Buffer.from('ada:s t').toString('base64')}`;
    expect(new Set(asked)).toEqual(new Set([expected]));
    expect(asked.length).toBeGreaterThan(1);
  });

  it('that refuses or is not there is what is blamed', async () => {
    const env = { TEMPORAL_ADDRESS: 'temporal.invalid:7233', TEMPORAL_TLS: 'true' };
    const [refusing, asking] = [await tunnelling(403), await tunnelling(407)];
    await expectRefusals([
      [{ ...env, https_proxy: refusing.place }, refused('TEMPORAL_REFUSED', `the proxy ${refusing.place}`, 'NO_PROXY')],
      [{ ...env, HTTP_PROXY: asking.place }, refused('TEMPORAL_REFUSED', 'answers 407', 'user and password')],
      [{ ...env, HTTPS_PROXY: '127.0.0.1:1' }, refused('TEMPORAL_UNREACHABLE', 'the proxy 127.0.0.1:1', 'HTTPS_PROXY')],
    ]);
  });

  it('of the process is left alone for this machine, and for a server without TLS', async () => {
    const { place, asked } = await tunnelling(403);
    const before = { ...process.env };
    onTestFinished(() => {
      process.env = before;
    });
    Object.assign(process.env, { grpc_proxy: `http://${place}`, https_proxy: `http://${place}` });
    const client = await connect(
      configuredTemporal({ TEMPORAL_ADDRESS: inject('temporalAddress'), https_proxy: place })!,
    );
    await client.connection.close();
    expect(await refusal({ TEMPORAL_ADDRESS: 'absent.invalid:7233', https_proxy: place })).toMatchObject(
      refused('TEMPORAL_UNREACHABLE', 'host name cannot be resolved', 'TEMPORAL_ADDRESS'),
    );
    expect(asked).toEqual([]);
  });
});

describe('what is wrong is said, and what to do', () => {
  it('no such namespace', async () => {
    const env = { TEMPORAL_ADDRESS: inject('temporalAddress'), TEMPORAL_NAMESPACE: 'absent' };
    expect(await refusal(env)).toMatchObject(
      refused('TEMPORAL_REFUSED', 'has no such namespace', 'temporal operator namespace create -n absent'),
    );
  });

  it.each([
    ['nothing listens', '127.0.0.1:1', 'nothing listens there', 'TEMPORAL_ADDRESS'],
    ['no such host', 'absent.invalid:7233', 'host name cannot be resolved', 'TEMPORAL_ADDRESS'],
  ])('%s', async (_, address, problem, hint) => {
    expect(await refusal({ TEMPORAL_ADDRESS: address })).toMatchObject(refused('TEMPORAL_UNREACHABLE', problem, hint));
  });

  it('an address of another form', async () => {
    expect(await refusal({ TEMPORAL_ADDRESS: 'http://127.0.0.1:7233' })).toMatchObject(
      refused('TEMPORAL_REFUSED', 'Invalid address', 'TEMPORAL_ADDRESS'),
    );
  });

  it('a server that is silent', async () => {
    const address = await listening(createServer((socket) => socket.on('error', () => undefined)));
    expect(await refusal({ TEMPORAL_ADDRESS: address })).toMatchObject(
      refused('TEMPORAL_UNREACHABLE', 'does not answer', 'gRPC port'),
    );
  });

  it('the port of the UI', async () => {
    const address = await listening(createHttpServer((_, response) => response.end('a page')));
    expect(await refusal({ TEMPORAL_ADDRESS: address })).toMatchObject(
      refused('TEMPORAL_UNREACHABLE', 'is not a Temporal server', 'not the port of the UI'),
    );
  });

  it('TLS where there is none, and none where there is', async () => {
    const made = certificates();
    await expectRefusals([
      [
        { TEMPORAL_ADDRESS: inject('temporalAddress'), TEMPORAL_TLS: 'true' },
        refused('TEMPORAL_REFUSED', 'does not speak TLS', 'TEMPORAL_TLS'),
      ],
      [
        { TEMPORAL_ADDRESS: await behindTls(pair(made, 'server')) },
        refused('TEMPORAL_REFUSED', 'requires TLS', 'TEMPORAL_TLS=true'),
      ],
    ]);
  });

  it('certificates of the server', async () => {
    const made = certificates();
    made.authority('other');
    made.certificate('expired', '127.0.0.1', -1);
    made.certificate('elsewhere', 'temporal.example');
    const server = (address: string, ca: string) => ({
      TEMPORAL_ADDRESS: address,
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: made.file(ca),
    });
    const address = await behindTls(pair(made, 'server'));
    const expired = await behindTls(pair(made, 'expired'));
    const elsewhere = await behindTls(pair(made, 'elsewhere'));
    const authority = refused('TEMPORAL_REFUSED', 'is not trusted', 'TEMPORAL_TLS_SERVER_CA_CERT_PATH');
    await expectRefusals([
      [server(address, 'other.pem'), authority],
      [{ TEMPORAL_ADDRESS: address, TEMPORAL_TLS: 'true' }, authority],
      [
        server(address, 'ca.key'),
        refused('TEMPORAL_REFUSED', 'does not contain a certificate in PEM form', 'authority'),
      ],
      [server(expired, 'ca.pem'), refused('TEMPORAL_REFUSED', "server's certificate has expired", 'clock')],
      [server(elsewhere, 'ca.pem'), refused('TEMPORAL_REFUSED', 'for another name', 'TEMPORAL_TLS_SERVER_NAME')],
    ]);
  });

  it('by the commands too, with an exit code', async () => {
    const { place } = await Place.withDemo({ events: 1 });
    const env = { TEMPORAL_ADDRESS: inject('temporalAddress'), TEMPORAL_NAMESPACE: 'absent', TRAWL_LISTEN: 'off' };
    Object.assign(place.env, env);
    for (const words of [['worker'], ['collect', 'asa'], ['start', 'asa']]) {
      expect(await place.run(...words)).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(
          /has no such namespace.*temporal operator namespace create.*\[TEMPORAL_REFUSED\]/s,
        ),
      });
    }
    place.env.TEMPORAL_PROFILE = 'absent';
    expect(await place.run('worker')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/Profile 'absent' not found.*\[SETTINGS_INVALID\]/s),
    });
  });
});
