import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { HttpClient } from '../../../src/http/client.js';
import { s3 } from '../../../src/sinks/s3/sink.js';
import { batchOf, endless, event, open, receiver, refusal, settingsOf, text } from './support.js';

it('a 200 that is not from S3, such as a sign-in page, confirms no object', async () => {
  const { url, seen } = await receiver(text(200, '<html>marked-event</html>', { 'content-type': 'text/html' }));
  const keys = { ACCESS_KEY_ID: 'key', SECRET_ACCESS_KEY: 'marked-secret' };
  const client = open(s3, { BUCKET: 'audit', ENDPOINT: url, COMPRESSION: 'none', ...keys });
  const form = { ...batchOf([]).form, format: 'ndjson' };
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
  const keys = { ACCESS_KEY_ID: 'key', SECRET_ACCESS_KEY: 'marked-secret' };
  const settings = settingsOf(s3, { BUCKET: 'audit', ENDPOINT: endpoint, COMPRESSION: 'none', ...keys });
  const client = s3.open(settings, { http, env: {} });
  onTestFinished(async () => {
    await client.close();
    await http.close();
  });
  const form = { ...batchOf([]).form, format: 'ndjson' };
  const error = await refusal(client.send(batchOf([event(1)], { form })));
  expect(error).toMatchObject({ code: 'SINK_ANSWER_UNREADABLE', message: expect.stringContaining('is too long') });
});

describe('a proxy', () => {
  const settings = {
    BUCKET: 'audit',
    REGION: 'eu-central-1',
    COMPRESSION: 'none',
    ACCESS_KEY_ID: 'key',
    SECRET_ACCESS_KEY: 's',
  };
  const form = { ...batchOf([]).form, format: 'ndjson' };
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
  });
});
