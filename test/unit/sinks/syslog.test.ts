import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SyslogClient } from '../../../src/sinks/syslog/client.js';
import type { SyslogBounds } from '../../../src/sinks/syslog/connection.js';
import { syslog } from '../../../src/sinks/syslog/sink.js';
import { Certificates } from '../../support/certificates.js';
import { batchOf, event, expectRecord, hostileEvents, refusal, settingsOf } from './support.js';

type OnConnection = (socket: Socket) => unknown;

interface Receiver {
  port: number;
  /** All bytes received over each connection. */
  received: Buffer[];
}

async function listening(server: Server, received: Buffer[], event: string, own?: OnConnection): Promise<Receiver> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket.on('error', () => undefined)));
  server.on(event, (socket: Socket) => {
    socket.on('error', () => undefined);
    if (own) own(socket);
    else void readAll(socket, received);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return { port: (server.address() as AddressInfo).port, received };
}

async function readAll(socket: Socket, received: Buffer[]): Promise<void> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'end');
  received.push(Buffer.concat(chunks));
}

const plain = (own?: OnConnection) => listening(createServer(), [], 'connection', own);

const overTls = (options: TlsOptions, own?: OnConnection) =>
  listening(createTlsServer(options), [], 'secureConnection', own);

function clientOf(port: number, more: Record<string, string> = {}, bounds: Partial<SyslogBounds> = {}): SyslogClient {
  const settings = settingsOf(syslog, { ADDRESS: '127.0.0.1', PORT: String(port), TLS: 'no', ...more });
  return new SyslogClient(settings, bounds);
}

/** Frames of RFC 5425: a length in octets, a space, and that many octets. */
function framesOf(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    const space = bytes.indexOf(0x20, at);
    const digits = bytes.subarray(at, space).toString('latin1');
    expect(digits).toMatch(/^[1-9]\d*$/);
    const end = space + 1 + Number(digits);
    expect(end).toBeLessThanOrEqual(bytes.length);
    frames.push(bytes.subarray(space + 1, end));
    at = end;
  }
  return frames;
}

/** Parses by the grammar of RFC 5424, section 6. */
function parse(message: Buffer) {
  const text = message.toString('utf8');
  const header =
    /^<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,6}Z) ([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) \[([!-~]+)((?: [!-~]+="(?:[^"\\\]]|\\.)*")*)\] /.exec(
      text,
    );
  const [whole, priority, timestamp, hostname, app, process, id, sd, parameters] =
    header ?? expect.fail(text.slice(0, 300));
  const data = Object.fromEntries(
    [...parameters!.matchAll(/ ([!-~]+?)="((?:[^"\\\]]|\\.)*)"/g)].map(([, name, value]) => [
      name,
      value!.replace(/\\(["\\\]])/g, '$1'),
    ]),
  );
  const json = text.slice(whole!.length);
  return { priority: Number(priority), timestamp, hostname, app, process, id, sd, data, json };
}

describe('a message of syslog', () => {
  it('is these bytes', async () => {
    const { port, received } = await plain();
    const sent = await clientOf(port).send(batchOf([event(1)]));
    const message =
      '<110>1 2026-11-23T10:20:30.123456Z - trawl acme server.login [trawl@32473 seq="1" id="id-1" collector="acme" batch="20261123T102030-000001"] {"collector":"acme","seq":1,"id":"id-1","timestamp":"2026-11-23T10:20:30.123456789Z","type":"server.login","actor":"ann","user":"bob","client":"","gateway":"","group":"","project":"p1","hostname":"h1","server":"","from_addr":"192.0.2.1","raw_event":{"n":1,"big":12345678901234567890,"trailing":1.50},"collected_at":"2026-11-23T10:21:00.000Z"}';
    expect(received.map(String)).toEqual([`${Buffer.byteLength(message)} ${message}`]);
    expect(sent).toEqual({ objects: [], bytes: received[0]!.byteLength, unmapped: 0, refused: [] });
  });

  it('may be of a hostile event', async () => {
    const { port, received } = await plain();
    await clientOf(port).send(batchOf(hostileEvents));
    const frames = framesOf(received[0]!);
    expect(frames).toHaveLength(hostileEvents.length);
    for (const [at, frame] of frames.entries()) {
      const { json, data, ...header } = parse(frame);
      const { rawEvent, ...others } = hostileEvents[at]!;
      expectRecord(json, { ...others, rawEvent: rawEvent.replaceAll('\t', ' ') });
      expect(header).toMatchObject({ priority: 110, app: 'trawl', process: 'acme', sd: 'trawl@32473' });
      expect(data).toMatchObject({ seq: String(at + 1), collector: 'acme', batch: '20261123T102030-000001' });
      // It is harmless to a terminal, and to a receiver that writes lines.
      expect(frame.toString('utf8').slice(0, -json.length)).not.toMatch(
        /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202e]/,
      );
    }
    expect(parse(frames[2]!).data.id).toBe(hostileEvents[2]!.id);
  });

  it('has no control characters, which a receiver may rewrite', async () => {
    const { port, received } = await plain();
    const rawEvent = '{\t"text":\r\n"a\u007fb\\tc"\t}';
    await clientOf(port).send(batchOf([event(1, { rawEvent, actor: 'x\u007f\ty' })]));
    const { json } = parse(framesOf(received[0]!)[0]!);
    expect(json).not.toMatch(/[\u0000-\u001f\u007f]/);
    expect(JSON.parse(json)).toMatchObject({ actor: 'x\u007f\ty', raw_event: { text: 'a\u007fb\tc' } });
  });

  it('begins with a byte order mark if a setting asks for one', async () => {
    const { port, received } = await plain();
    await clientOf(port, { BYTE_ORDER_MARK: 'yes' }).send(batchOf([event(1)]));
    expect(parse(framesOf(received[0]!)[0]!).json).toMatch(/^\ufeff\{"collector"/);
  });

  it('has the facility, severity and host name of the settings', async () => {
    const { port, received } = await plain();
    await clientOf(port, { FACILITY: '23', SEVERITY: '7', HOSTNAME: 'collector.example' }).send(batchOf([event(1)]));
    expect(parse(framesOf(received[0]!)[0]!)).toMatchObject({ priority: 191, hostname: 'collector.example' });
  });

  it.each([
    ['', '-'],
    ['a b\u0007c\u00e9', 'a_b_c_'],
    ['x'.repeat(40), 'x'.repeat(32)],
  ])('of the type %j has the id %s', async (type, id) => {
    const { port, received } = await plain();
    await clientOf(port).send(batchOf([event(1, { type })]));
    expect(parse(framesOf(received[0]!)[0]!).id).toBe(id);
  });

  it('is refused if it is too long, rather than cut, and the others are sent', async () => {
    const { port, received } = await plain();
    const large = event(2, { rawEvent: JSON.stringify('é'.repeat(500)) });
    const sent = await clientOf(port, { MAX_MESSAGE_BYTES: '1000' }).send(batchOf([event(1), large, event(3)]));
    expect(sent.refused).toEqual([
      { seq: 2, id: 'id-2', reason: expect.stringMatching(/^Its message has \d+ bytes, over the limit of 1000 /) },
    ]);
    expect(framesOf(received[0]!).map((frame) => parse(frame).data.seq)).toEqual(['1', '3']);
  });

  it('may be exactly as long as the setting says', async () => {
    const { port, received } = await plain();
    const text = (length: number) => event(1, { rawEvent: JSON.stringify('x'.repeat(length)) });
    await clientOf(port).send(batchOf([text(1_000)]));
    const [frame = expect.fail()] = framesOf(received[0]!);
    const bound = { MAX_MESSAGE_BYTES: String(frame.byteLength) };
    expect((await clientOf(port, bound).send(batchOf([text(1_000)]))).refused).toEqual([]);
    expect((await clientOf(port, bound).send(batchOf([text(1_001)]))).refused).toHaveLength(1);
    // If no message is left to send, there is no connection.
    expect(received).toHaveLength(2);
  });

  it('is the same bytes each time', async () => {
    const { port, received } = await plain();
    const many = batchOf(Array.from({ length: 500 }, (_, at) => event(at + 1)));
    await clientOf(port).send(many);
    await clientOf(port).send(many);
    expect(received[1]).toEqual(received[0]);
    expect(framesOf(received[0]!)).toHaveLength(500);
  });
});

describe('over TLS', () => {
  function authority(): { certificates: Certificates; server: TlsOptions; ca: Record<string, string> } {
    const certificates = new Certificates();
    certificates.authority('ca');
    certificates.certificate('server', '127.0.0.1');
    const server = {
      key: readFileSync(certificates.file('server.key')),
      cert: readFileSync(certificates.file('server.pem')),
    };
    return { certificates, server, ca: { TLS: 'yes', CA_FILE: certificates.file('ca.pem') } };
  }

  it('messages reach a receiver whose CA is trusted', async () => {
    const { server, ca } = authority();
    const { port, received } = await overTls(server);
    const client = clientOf(port, ca);
    await client.check();
    await client.send(batchOf(hostileEvents));
    expect(received[0]!.byteLength).toBe(0);
    expect(framesOf(received[1]!).map((frame) => parse(frame).data.seq)).toEqual(
      hostileEvents.map(({ seq }) => String(seq)),
    );
  });

  it('a receiver whose CA is not trusted gets nothing', async () => {
    const { server } = authority();
    const { port, received } = await overTls(server);
    const error = await refusal(clientOf(port, { TLS: 'yes' }).send(batchOf([event(1)])));
    expect(error).toMatchObject({ code: 'SINK_REFUSED', hint: expect.stringContaining('caFile') });
    expect(received.filter(({ byteLength }) => byteLength > 0)).toEqual([]);
  });

  it('a receiver with another name gets nothing, unless serverName names it', async () => {
    const { certificates, server, ca } = authority();
    certificates.certificate('server', 'logs.example');
    const named = {
      ...server,
      key: readFileSync(certificates.file('server.key')),
      cert: readFileSync(certificates.file('server.pem')),
    };
    const { port, received } = await overTls(named);
    const error = await refusal(clientOf(port, ca).send(batchOf([event(1)])));
    expect(error).toMatchObject({ code: 'SINK_REFUSED', hint: expect.stringContaining('serverName') });
    await clientOf(port, { ...ca, SERVER_NAME: 'logs.example' }).send(batchOf([event(1)]));
    expect(received.filter(({ byteLength }) => byteLength > 0)).toHaveLength(1);
  });

  it('a receiver may require a client certificate', async () => {
    const { certificates, server, ca } = authority();
    certificates.certificate('client', 'trawl');
    const { port, received } = await overTls({
      ...server,
      ca: readFileSync(certificates.file('ca.pem')),
      requestCert: true,
    });
    const error = await refusal(clientOf(port, ca).send(batchOf([event(1)])));
    expect(error).toMatchObject({ code: 'SINK_REFUSED', hint: expect.stringContaining('certFile') });
    const files = { CERT_FILE: certificates.file('client.pem'), KEY_FILE: certificates.file('client.key') };
    await clientOf(port, { ...ca, ...files }).send(batchOf([event(1)]));
    expect(received).toHaveLength(1);
  });

  it('an expired certificate is reported', async () => {
    const { certificates, ca, server } = authority();
    certificates.certificate('server', '127.0.0.1', -1);
    const old = {
      ...server,
      key: readFileSync(certificates.file('server.key')),
      cert: readFileSync(certificates.file('server.pem')),
    };
    const { port } = await overTls(old);
    const error = await refusal(clientOf(port, ca).check());
    expect(error).toMatchObject({ code: 'SINK_REFUSED', hint: expect.stringContaining('renew') });
  });

  it('a receiver without TLS is reported', async () => {
    const { port } = await plain((socket) => socket.end('220 smtp.example ESMTP\r\n'));
    const error = await refusal(clientOf(port, { TLS: 'yes' }).check());
    expect(error).toMatchObject({ code: 'SINK_REFUSED', hint: expect.stringContaining('tls=no') });
  });

  it('unusable files are named by their setting, not by their path or content', async () => {
    const certificates = new Certificates();
    const file = certificates.file('marked-secret.pem');
    const missing = await refusal(clientOf(1, { TLS: 'yes', CA_FILE: file }).check());
    expect(missing).toMatchObject({ code: 'SINK_REFUSED', message: expect.stringContaining('caFile') });
    writeFileSync(file, 'marked-secret');
    const wrong = await refusal(clientOf(1, { TLS: 'yes', CERT_FILE: file, KEY_FILE: file }).check());
    expect(wrong).toMatchObject({ code: 'SINK_REFUSED', hint: expect.stringContaining('PEM') });
  });
});

describe('a connection that goes wrong', () => {
  const large = batchOf([event(1, { rawEvent: JSON.stringify(`marked-event${'x'.repeat(60_000)}`) })]);
  const many = batchOf(Array.from({ length: 500 }, (_, at) => ({ ...large.events[0]!, seq: at + 1 })));

  it.each([
    ['is reset at once', (socket: Socket) => socket.resetAndDestroy()],
    ['is reset after some bytes', (socket: Socket) => socket.once('data', () => socket.resetAndDestroy())],
    [
      'is reset instead of being closed',
      (socket: Socket) => socket.resume().once('end', () => socket.resetAndDestroy()),
    ],
    ['is closed before the end', (socket: Socket) => socket.once('data', () => socket.destroy())],
  ])('because it %s confirms nothing', async (_, own) => {
    const half = createServer({ allowHalfOpen: true });
    const { port } = await listening(half, [], 'connection', own);
    const error = await refusal(clientOf(port).send(many));
    expect(error).toMatchObject({ code: 'SINK_UNAVAILABLE', retry: true });
  });

  it('because the receiver hangs up first confirms nothing', async () => {
    const { port } = await plain((socket) => socket.end());
    expect(await refusal(clientOf(port).send(many))).toMatchObject({ code: 'SINK_UNAVAILABLE' });
  });

  it('because the receiver does not close confirms nothing', async () => {
    const half = createServer({ allowHalfOpen: true });
    const { port } = await listening(half, [], 'connection', (socket) => socket.resume());
    const error = await refusal(clientOf(port, {}, { closeMaxMs: 50 }).send(batchOf([event(1)])));
    expect(error).toMatchObject({ code: 'SINK_SLOW', retry: true });
    expect(error.message).toContain('did not close the connection within 50 ms');
  });

  it('because the receiver does not read confirms nothing', async () => {
    const { port } = await plain((socket) => socket.pause());
    const error = await refusal(clientOf(port, {}, { silenceMaxMs: 200 }).send(many));
    expect(error).toMatchObject({ code: 'SINK_SLOW', message: expect.stringContaining('took nothing') });
  });

  it('is not begun without the time for connecting, for reading nothing and for closing', () => {
    const bounds = { connectMaxMs: 1, silenceMaxMs: 20, closeMaxMs: 300 };
    expect(clientOf(1, {}, bounds).answerMaxMs).toBe(321);
  });

  it('because the TLS handshake does not end is given up', async () => {
    const { port } = await plain((socket) => socket.resume());
    const error = await refusal(clientOf(port, { TLS: 'yes' }, { connectMaxMs: 50 }).check());
    expect(error).toMatchObject({ code: 'SINK_UNAVAILABLE', message: expect.stringContaining('50 ms') });
  });

  it('because nothing listens is reported with what to check', async () => {
    const error = await refusal(clientOf(1).check());
    expect(error).toMatchObject({ code: 'SINK_UNAVAILABLE', hint: expect.stringContaining('port') });
    expect(error.message).toBe('The connection to Syslog at 127.0.0.1:1 failed: ECONNREFUSED.');
  });

  it('is given up if the signal is aborted', async () => {
    const controller = new AbortController();
    const reason = new Error('the worker shuts down');
    const { port } = await plain((socket) => socket.once('data', () => controller.abort(reason)));
    await expect(clientOf(port).send(many, controller.signal)).rejects.toBe(reason);
    await expect(clientOf(port).send(many, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

describe('the settings of a syslog', () => {
  it.each([
    [{ CERT_FILE: '/x' }, 'must be set together'],
    [{ TLS: 'no', CA_FILE: '/x', SERVER_NAME: 'y' }, 'caFile, serverName have no effect'],
    [{ HOSTNAME: 'a b' }, 'SINK_OUT_HOSTNAME'],
    [{ FACILITY: '24' }, 'SINK_OUT_FACILITY'],
    [{ ADDRESS: 'a/b' }, 'SINK_OUT_ADDRESS'],
  ])('%o are refused', (more, what) => {
    const variables = { ADDRESS: 'logs.example', ...more } as Record<string, string>;
    expect(() => settingsOf(syslog, variables)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(what) }),
    );
  });

  it('have the port of syslog over TLS by default', () => {
    expect(settingsOf(syslog, { ADDRESS: 'logs.example' })).toMatchObject({ port: 6514, tls: true });
  });
});
