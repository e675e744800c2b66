import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { HttpClient } from '../../../src/http/client.js';
import { s3 } from '../../../src/sinks/s3/sink.js';
import { batchOf, endless, event, open, receiver, refusal, type SeenRequest, settingsOf, text } from './support.js';

const keys = { ACCESS_KEY_ID: 'key', SECRET_ACCESS_KEY: 'marked-secret' };
const form = { ...batchOf([]).form, format: 'ndjson' };
const stored = text(200, '', { etag: '"1"' });
const refused = (code: string) => text(403, `<?xml version="1.0"?><Error><Code>${code}</Code></Error>`);

/** The SDK reads the variables of the process. */
function withVariables(variables: Record<string, string | undefined>): void {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
}

it('a 200 that is not from S3, such as a sign-in page, confirms no object', async () => {
  const { url, seen } = await receiver(text(200, '<html>marked-event</html>', { 'content-type': 'text/html' }));
  const client = open(s3, { BUCKET: 'audit', ENDPOINT: url, COMPRESSION: 'none', ...keys });
  const error = await refusal(client.send(batchOf([event(1)], { form })));
  expect(error).toMatchObject({ code: 'SINK_ANSWER_UNREADABLE', retry: true });
  expect(seen.map(({ method }) => method)).toEqual(['PUT', 'HEAD']);
});

it.each([
  [200, 'directly'],
  [403, 'directly'],
  [200, 'by a proxy'],
])('an endless answer with the status %d, %s, is let go', async (status, way) => {
  const { url } = await receiver(endless(status));
  const [endpoint, env] = way === 'directly' ? [url, {}] : ['http://s3.invalid:9000', { HTTP_PROXY: url }];
  const http = new HttpClient({}, env);
  const settings = settingsOf(s3, { BUCKET: 'audit', ENDPOINT: endpoint, COMPRESSION: 'none', ...keys });
  const client = s3.open(settings, { http, env: {} });
  onTestFinished(async () => {
    await client.close();
    await http.close();
  });
  const error = await refusal(client.send(batchOf([event(1)], { form })));
  expect(error).toMatchObject({ code: 'SINK_ANSWER_UNREADABLE', message: expect.stringContaining('is too long') });
});

it('an object has its MD5, whole and in parts, for buckets with Object Lock', async () => {
  const started = text(200, '<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>');
  const ended = text(200, '<CompleteMultipartUploadResult><ETag>"1"</ETag></CompleteMultipartUploadResult>');
  const { url, seen } = await receiver((response, request) => {
    if (request.method === 'POST') return (request.url.includes('uploads') ? started : ended)(response, request);
    return stored(response, request);
  });
  const client = open(s3, { BUCKET: 'audit', ENDPOINT: url, COMPRESSION: 'none', ...keys });
  await client.send(batchOf([event(1)], { form }));
  await client.send(batchOf([event(1, { rawEvent: `{"a":"${'a'.repeat(9_000_000)}"}` })], { form }));
  const objects = seen.filter(({ method }) => method === 'PUT');
  expect(objects.map(({ url: asked }) => /partNumber=\d/.exec(asked)?.[0] ?? 'whole').sort()).toEqual([
    'partNumber=1',
    'partNumber=2',
    'whole',
  ]);
  const md5 = ({ bytes }: SeenRequest) => createHash('md5').update(bytes).digest('base64');
  expect(objects.map(({ headers }) => headers['content-md5'])).toEqual(objects.map(md5));
});

describe('lockDays', () => {
  const missing = text(
    400,
    '<Error><Code>InvalidRequest</Code><Message>Bucket is missing Object Lock Configuration</Message></Error>',
  );

  it('locks each object until then', async () => {
    const { url, seen } = await receiver(stored);
    const own = { BUCKET: 'audit', ENDPOINT: url, COMPRESSION: 'none', ...keys };
    const form2 = { ...form, compression: 'none' };
    const before = Date.now();
    await open(s3, { ...own, LOCK_DAYS: '400', LOCK_MODE: 'compliance' }).send(batchOf([event(1)], { form: form2 }));
    await open(s3, { ...own, LOCK_DAYS: '1' }).send(batchOf([event(1)], { form: form2 }));
    await open(s3, own).send(batchOf([event(1)], { form: form2 }));
    const locks = seen.map(({ headers }) => headers['x-amz-object-lock-mode']);
    expect(locks).toEqual(['COMPLIANCE', 'GOVERNANCE', undefined]);
    const until = Date.parse(seen[0]!.headers['x-amz-object-lock-retain-until-date'] as string);
    // The header has no milliseconds.
    expect(Math.ceil((until - before) / 86_400_000)).toBeGreaterThanOrEqual(400);
  });

  it.each([
    ['refuses a lock', [missing], 'has no Object Lock, which lockDays needs'],
    [
      'takes no notice of a lock',
      [stored, text(404, '<Error><Code>NoSuchObjectLockConfiguration</Code></Error>'), stored],
      'takes an object without the lock',
    ],
    ['knows no locks', [text(501, '<Error><Code>NotImplemented</Code></Error>')], 'does not support what is asked'],
  ])('is a problem in a bucket that %s', async (_, answers, said) => {
    const { url } = await receiver(...answers);
    const client = open(s3, { BUCKET: 'audit', ENDPOINT: url, LOCK_DAYS: '400', ...keys });
    const error = await refusal(client.check());
    expect(error).toMatchObject({ code: 'SINK_REFUSED', message: expect.stringContaining(said) });
    expect(error.hint).toContain('lockDays');
  });
});

it('lockMode without lockDays, which would lock nothing, is refused', () => {
  expect(() => settingsOf(s3, { BUCKET: 'audit', LOCK_MODE: 'compliance' })).toThrow(
    'lockMode=compliance locks nothing',
  );
  expect(settingsOf(s3, { BUCKET: 'audit', LOCK_MODE: 'governance' })).toMatchObject({ lockMode: 'governance' });
});

describe('a session token', () => {
  it('goes along with a temporary key', async () => {
    const { url, seen } = await receiver(stored);
    const client = open(s3, { BUCKET: 'audit', ENDPOINT: url, ...keys, SESSION_TOKEN: 'marked-session' });
    await client.send(batchOf([event(1)], { form }));
    expect(seen[0]!.headers['x-amz-security-token']).toBe('marked-session');
  });

  it.each([
    [{ SESSION_TOKEN: 'marked-session' }, 'sessionToken belongs to accessKeyId and secretAccessKey'],
    [{ ...keys, ACCESS_KEY_ID: 'ASIAEXAMPLE' }, 'works only with its sessionToken'],
    [{ ...keys, ACCESS_KEY_ID: 'ASIAEXAMPLE', ENDPOINT: 'https://s3.eu-west-1.amazonaws.com' }, 'only with its'],
  ])('is asked for with %o', (own, said) => {
    expect(() => settingsOf(s3, { BUCKET: 'audit', ...own })).toThrow(said);
  });

  it('is not asked for by another server, whose keys may begin in any way', () => {
    const own = { BUCKET: 'audit', ENDPOINT: 'https://s3.example', ...keys, ACCESS_KEY_ID: 'ASIAEXAMPLE' };
    expect(settingsOf(s3, own)).toMatchObject({ accessKeyId: 'ASIAEXAMPLE' });
  });
});

describe('credentials of a file', () => {
  /** Credentials that the SDK finds by itself; the function writes other ones. */
  function filed(): { write(key: string): void } {
    const folder = mkdtempSync(join(tmpdir(), 'trawl-aws-'));
    const path = join(folder, 'credentials');
    withVariables({ AWS_SHARED_CREDENTIALS_FILE: path, AWS_PROFILE: 'audit' });
    onTestFinished(() => rmSync(folder, { recursive: true }));
    return {
      write: (key) =>
        writeFileSync(path, `[audit]\naws_access_key_id=${key}\naws_secret_access_key=s\naws_session_token=t\n`),
    };
  }

  const keyOf = ({ headers }: SeenRequest) => /Credential=(\w+)\//.exec(headers.authorization as string)?.[1];
  const own = { BUCKET: 'audit', COMPRESSION: 'none' };
  const batch = batchOf([event(1)], { form });

  it('are read again when the sink is opened, and when they are refused', async () => {
    const file = filed();
    file.write('first');
    const { url, seen } = await receiver(
      ...[stored, stored, refused('ExpiredToken'), stored, refused('InvalidAccessKeyId'), stored, stored],
    );
    const settings = { ...own, ENDPOINT: url };
    await open(s3, settings).send(batch);
    file.write('second');
    const client = open(s3, settings);
    await client.send(batch);
    file.write('third');
    await client.send(batch);
    file.write('fourth');
    await client.check();
    expect(seen.map(keyOf)).toEqual(['first', 'second', 'second', 'third', 'third', 'fourth', 'fourth']);
  });

  it('that are refused twice are a problem', async () => {
    filed().write('first');
    const { url, seen } = await receiver(refused('ExpiredToken'));
    const error = await refusal(open(s3, { ...own, ENDPOINT: url }).check());
    expect(error).toMatchObject({ code: 'SINK_REFUSED', message: expect.stringContaining('expired credentials') });
    expect(seen).toHaveLength(2);
  });
});

it('an object of any length comes back, but no more than was written', async () => {
  const bytes = Buffer.alloc(3_000_000, 'a');
  const { url } = await receiver((response) => response.writeHead(200).end(bytes));
  const client = open(s3, { BUCKET: 'audit', ENDPOINT: url, ...keys });
  const object = { name: 'raw/1.ndjson', events: 1, bytes: bytes.length };
  expect(Buffer.from(await client.read!(object)).equals(bytes)).toBe(true);
  const { url: other } = await receiver(endless(200));
  const error = await refusal(open(s3, { BUCKET: 'audit', ENDPOINT: other, ...keys }).read!(object));
  expect(error).toMatchObject({ code: 'SINK_REFUSED', message: expect.stringContaining('3000000 were written') });
});

describe('a proxy', () => {
  const settings = {
    BUCKET: 'audit',
    REGION: 'eu-central-1',
    COMPRESSION: 'none',
    ACCESS_KEY_ID: 'key',
    SECRET_ACCESS_KEY: 's',
  };
  const clientOf = (own: Record<string, string>, env: Record<string, string>) => {
    const http = new HttpClient({}, env);
    const client = s3.open(settingsOf(s3, { ...settings, ...own }), { http, env: {} });
    onTestFinished(async () => {
      await client.close();
      await http.close();
    });
    return client;
  };

  it('gets the requests in clear, signed and whole', async () => {
    const { url, seen } = await receiver(text(200, '', { etag: '"1"' }));
    const client = clientOf({ ENDPOINT: 'http://s3.invalid:9000' }, { HTTP_PROXY: url });
    expect(await client.send(batchOf([event(1)], { form }))).toMatchObject({ objects: [{ events: 1 }] });
    expect(seen).toMatchObject([{ method: 'PUT' }]);
    expect(seen[0]!.headers.authorization).toContain('AWS4-HMAC-SHA256');
    expect(seen[0]!.headers.host).toBe('s3.invalid:9000');
  });

  it('brings an object back', async () => {
    const { url, seen } = await receiver(text(200, 'as written', { 'content-type': 'application/gzip' }));
    const client = clientOf({ ENDPOINT: 'http://s3.invalid:9000' }, { HTTP_PROXY: url });
    const object = { name: 'raw/a b/1.ndjson.gz', events: 1, bytes: 'as written'.length };
    expect(Buffer.from(await client.read!(object)).toString()).toBe('as written');
    expect(seen[0]).toMatchObject({
      method: 'GET',
      url: 'http://s3.invalid:9000/audit/raw/a%20b/1.ndjson.gz?x-id=GetObject',
    });
    const error = await refusal(client.read!({ ...object, bytes: 1 }));
    expect(error).toMatchObject({ code: 'SINK_REFUSED', message: expect.stringContaining('10 bytes; 1 were written') });
  });

  it('brings a large object back', async () => {
    const bytes = Buffer.alloc(3_000_000, 'a');
    const { url } = await receiver((response) => response.writeHead(200).end(bytes));
    const client = clientOf({ ENDPOINT: 'http://s3.invalid:9000' }, { HTTP_PROXY: url });
    const found = await client.read!({ name: 'raw/1.ndjson', events: 1, bytes: bytes.length });
    expect(Buffer.from(found).equals(bytes)).toBe(true);
  });

  it('is asked for a tunnel to AWS, and is what is blamed if it refuses', async () => {
    const asked: string[] = [];
    const server = createServer().on('connect', (request, socket) => {
      asked.push(request.url!);
      socket.end('HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const place = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const client = clientOf({}, { HTTPS_PROXY: place });
    const error = await refusal(client.send(batchOf([event(1)], { form })));
    expect(error).toMatchObject({ code: 'SINK_REFUSED', message: expect.stringContaining(`The proxy ${place}`) });
    expect(new Set(asked)).toEqual(new Set(['audit.s3.eu-central-1.amazonaws.com:443']));

    // So is the service that exchanges the token of a container for keys.
    const folder = mkdtempSync(join(tmpdir(), 'trawl-aws-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const token = join(folder, 'token');
    writeFileSync(token, 'marked-secret');
    withVariables({
      ...{ AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/audit', AWS_WEB_IDENTITY_TOKEN_FILE: token },
      ...{ AWS_SHARED_CREDENTIALS_FILE: join(folder, 'none'), AWS_CONFIG_FILE: join(folder, 'none') },
      ...{ AWS_PROFILE: undefined, AWS_ACCESS_KEY_ID: undefined, AWS_REGION: 'eu-central-1' },
    });
    asked.length = 0;
    const found = clientOf({ ACCESS_KEY_ID: '', SECRET_ACCESS_KEY: '' }, { HTTPS_PROXY: place });
    expect(await refusal(found.check())).toMatchObject({ message: expect.stringContaining(`The proxy ${place}`) });
    expect(new Set(asked)).toEqual(new Set(['sts.eu-central-1.amazonaws.com:443']));
  });
});
