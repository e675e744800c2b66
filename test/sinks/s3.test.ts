import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectRetentionCommand,
  PutObjectRetentionCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { anchorHead } from '../../src/anchoring/anchor.js';
import { type CompactableSink, compact } from '../../src/compaction/compact.js';
import type { TrawlError } from '../../src/errors.js';
import { HttpClient } from '../../src/http/client.js';
import { resolveSink } from '../../src/sinks/resolve.js';
import { s3 as s3Sink } from '../../src/sinks/s3/sink.js';
import type { SinkClient } from '../../src/sinks/sink.js';
import { SqliteStore } from '../../src/stores/sqlite/store.js';
import { ofDay } from '../conformance/archive-suite.js';
import { page } from '../conformance/pages.js';
import { sendAll, temporary } from '../support/archive.js';
import { startS3, type TestS3 } from '../support/s3.js';
import { batchOf, event } from '../unit/sinks/support.js';

/** A server in front of an S3 server: forwards each request unchanged, or answers it if `refuses` returns a body. */
async function proxyOf(s3: TestS3, refuses: (asked: IncomingMessage) => string | undefined) {
  const asked: IncomingMessage[] = [];
  const server = createServer((incoming, outgoing) => {
    asked.push(incoming);
    const refusal = refuses(incoming);
    if (refusal !== undefined) {
      incoming.resume();
      outgoing.writeHead(403, { 'content-type': 'application/xml' }).end(refusal);
      return;
    }
    const { method, url, headers } = incoming;
    const onwards = request(`${s3.endpoint}${url}`, { method: method!, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(outgoing);
    });
    onwards.on('error', () => outgoing.destroy());
    incoming.pipe(onwards);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

function clientOf(s3: TestS3, rows: Record<string, string> = {}, env: Record<string, string> = {}): SinkClient {
  const own = { kind: 's3', bucket: 'audit', endpoint: s3.endpoint, compression: 'none' };
  const keys = { accessKeyId: s3.accessKeyId, secretAccessKeyEnv: 'TRAWL_SECRET_S3' };
  const row = Object.fromEntries(Object.entries({ ...own, ...keys, ...rows }).filter(([, value]) => value !== ''));
  const all = { TRAWL_SECRET_S3: s3.secretAccessKey, TRAWL_SECRET_HOSTS: 'http://127.0.0.1', ...env };
  const { values } = resolveSink('lake', [s3Sink], { 'sink:lake': row }, all);
  const client = s3Sink.open(values, { http: new HttpClient({}, all), env: all });
  onTestFinished(() => client.close());
  return client;
}

const denied = '<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>';
const form = { schema: 'native', schemaVersion: '1', format: 'ndjson', compression: 'none', layout: 'raw' };
const batch = batchOf([event(1), event(2)], { form });
const name = 'raw/source=asa/collector=acme/dt=2026-11-23/20261123T102030-000001.ndjson';

/** Makes the bucket `locked`, with Object Lock, and returns the client of its administrator. */
async function withLockedBucket({ endpoint, accessKeyId, secretAccessKey }: TestS3): Promise<S3Client> {
  const credentials = { accessKeyId, secretAccessKey };
  const admin = new S3Client({ endpoint, forcePathStyle: true, region: 'us-east-1', credentials });
  onTestFinished(() => admin.destroy());
  await admin.send(new CreateBucketCommand({ Bucket: 'locked', ObjectLockEnabledForBucket: true }));
  return admin;
}

async function started({ skip }: TestContext): Promise<TestS3> {
  const s3 = await startS3(['audit']);
  return s3 ?? skip('there is no versitygw, and no Go to build it');
}

describe('a bucket', () => {
  it('gets a large object in parts, and the same object again', async (context) => {
    const s3 = await started(context);
    const raw = () => JSON.stringify({ text: randomBytes(1_500_000).toString('base64') });
    const events = Array.from({ length: 12 }, (_, at) => event(at + 1, { rawEvent: raw() }));
    const { endpoint, asked } = await proxyOf(s3, () => undefined);
    const client = clientOf(s3, { endpoint });
    for (let times = 0; times < 2; times += 1) {
      const { objects } = await client.send(batchOf(events, { form }));
      expect(objects).toMatchObject([{ name, events: 12 }]);
      const written = readFileSync(join(s3.folder, 'audit', name));
      expect(written.equals(await client.read!(objects[0]!))).toBe(true);
      const lines = readFileSync(join(s3.folder, 'audit', name), 'utf8')
        .trimEnd()
        .split('\n');
      expect(lines.map((line) => JSON.parse(line).raw_event)).toEqual(
        events.map(({ rawEvent }) => JSON.parse(rawEvent)),
      );
    }
    expect(asked.filter(({ method, url }) => method === 'PUT' && url!.includes('partNumber')).length).toBeGreaterThan(
      4,
    );
  }, 60_000);

  it('gives an object back, and says why if it cannot', async (context) => {
    const s3 = await started(context);
    const client = clientOf(s3, { prefix: 'a prefix' });
    const [object] = (await client.send(batch)).objects;
    const written = readFileSync(join(s3.folder, 'audit', object!.name));
    expect(Buffer.from(await client.read!(object!))).toEqual(written);
    const failure = (reading: SinkClient, more = {}) =>
      reading.read!({ ...object!, ...more }).catch((error: TrawlError) => `${error.code}: ${error.message}`);
    expect(await failure(client, { bytes: 1 })).toMatch(/^SINK_REFUSED: a prefix\/.* has \d+ bytes; 1 were written\.$/);
    expect(await failure(client, { name: 'gone' })).toMatch(/^SINK_REFUSED: gone is not in s3:\/\/.* any more\.$/);
    const { endpoint } = await proxyOf(s3, ({ method }) => (method === 'GET' ? denied : undefined));
    expect(await failure(clientOf(s3, { endpoint }))).toContain(
      'does not allow these credentials to read (AccessDenied).',
    );
    const archived = denied.replace('AccessDenied', 'InvalidObjectState');
    const cold = await proxyOf(s3, ({ method }) => (method === 'GET' ? archived : undefined));
    expect(await failure(clientOf(s3, { endpoint: cold.endpoint }))).toContain(
      'is in a storage class that must be restored',
    );
    await s3.stop();
    expect(await failure(client)).toMatch(/^SINK_UNAVAILABLE: /);
  });

  it('gets the encryption and storage class to use', async (context) => {
    const s3 = await started(context);
    const { endpoint, asked } = await proxyOf(s3, () => denied);
    const settings = { encryption: 'aws:kms', kmsKeyId: 'alias/audit', storageClass: 'STANDARD_IA' };
    await expect(clientOf(s3, { endpoint, ...settings }).send(batch)).rejects.toMatchObject({ code: 'SINK_REFUSED' });
    expect(asked[0]!.headers).toMatchObject({
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': 'alias/audit',
      'x-amz-storage-class': 'STANDARD_IA',
    });
    await clientOf(s3, { encryption: 'AES256' }).check();
  });

  it('that forbids overwriting accepts a batch once, and again if it is the same', async (context) => {
    const s3 = await started(context);
    const path = join(s3.folder, 'audit', name);
    // As a policy with a condition on s3:if-none-match does.
    const unconditional = ({ method, headers }: IncomingMessage) =>
      method === 'PUT' && headers['if-none-match'] === undefined ? denied : undefined;
    const { endpoint } = await proxyOf(s3, unconditional);
    const client = clientOf(s3, { endpoint });
    await client.check();
    await client.send(batch);
    const whole = readFileSync(path, 'utf8');
    expect(whole.trimEnd().split('\n')).toHaveLength(2);
    await client.send(batch);
    await clientOf(s3, { endpoint }).send(batch);
    expect(readFileSync(path, 'utf8')).toBe(whole);

    const other = batchOf([event(1), event(3)], { form });
    for (const each of [client, clientOf(s3, { endpoint })]) {
      await expect(each.send(other)).rejects.toMatchObject({
        code: 'SINK_REFUSED',
        message: expect.stringContaining('an object of this name with other content'),
      });
    }
    expect(readFileSync(path, 'utf8')).toBe(whole);
  });

  it('with Object Lock locks an object, and takes it again if it is the same', async (context) => {
    const s3 = await started(context);
    const admin = await withLockedBucket(s3);
    const client = clientOf(s3, { bucket: 'locked', lockDays: '400' });
    await client.check();
    for (let times = 0; times < 2; times += 1) expect((await client.send(batch)).objects).toHaveLength(1);
    // In parts, too.
    const large = event(4, { timestamp: '2026-11-24T00:00:00Z', rawEvent: `{"a":"${'a'.repeat(9_000_000)}"}` });
    const [inParts] = (await client.send(batchOf([large], { form }))).objects;
    for (const Key of [name, inParts!.name]) {
      const { Retention } = await admin.send(new GetObjectRetentionCommand({ Bucket: 'locked', Key }));
      expect(Retention).toMatchObject({ Mode: 'GOVERNANCE' });
    }
    await expect(admin.send(new DeleteObjectCommand({ Bucket: 'locked', Key: name }))).rejects.toThrow('object lock');
    await expect(client.send(batchOf([event(1), event(3)], { form }))).rejects.toMatchObject({ code: 'SINK_REFUSED' });

    await expect(clientOf(s3, { lockDays: '400' }).check()).rejects.toMatchObject({
      message: expect.stringContaining('has no Object Lock'),
    });
  });

  it('is compacted, and keeps what is locked', async (context) => {
    const s3 = await started(context);
    const admin = await withLockedBucket(s3);
    const path = temporary();
    const store = new SqliteStore(join(path, 'trawl.db'));
    onTestFinished(() => store.close());
    const events = Array.from({ length: 12 }, (_, at) => ({ ...ofDay(1), id: `e${at}` }));
    await store.writePage(page(events, { nextOffset: 'next' }));
    const client = clientOf(s3, { bucket: 'locked', prefix: 'a prefix' }) as CompactableSink;
    await sendAll(store, client, { form: { compression: 'none' } });
    const objects = async () => (await store.offload.listed('asa', 'archive')).map((batch) => batch.objects[0]!);
    const [, second, ...others] = await objects();
    const RetainUntilDate = new Date(Date.now() + 3_600_000);
    const Retention = { Mode: 'GOVERNANCE', RetainUntilDate } as const;
    await admin.send(new PutObjectRetentionCommand({ Bucket: 'locked', Key: second!.name, Retention }));
    const given = {
      ...{ ledger: store.offload, client, collector: 'asa', sink: 'archive', beforeNs: 10n ** 19n },
      ...{ confirmedBefore: '9999', signal: new AbortController().signal },
    };
    expect(await compact(given)).toMatchObject({
      ...{ objects: 2, into: 1, events: 6, doubled: [], problems: [] },
      locked: [{ name: second!.name, why: expect.stringMatching(/^locked until /) }],
    });
    const [first, locked, merged, again] = await objects();
    expect(again!.name).toBe(merged!.name);
    const seqs: number[] = [];
    for (const object of [first!, locked!, merged!])
      for (const line of Buffer.from(await client.read(object))
        .toString()
        .trimEnd()
        .split('\n'))
        seqs.push((JSON.parse(line) as { seq: number }).seq);
    expect(seqs).toEqual(events.map((_, at) => at + 1));
    for (const { name } of others) expect(existsSync(join(s3.folder, 'locked', name))).toBe(false);
    await expect(client.remove(locked!.name)).resolves.toContain('does not allow these credentials to delete');
    expect(await client.lockOf(others[0]!)).toBeNull();
    expect(await client.remove(others[0]!.name)).toBeNull();
  });

  it.each([
    ['of another region', { region: 'eu-north-1' }, /another region: us-east-1|us-east-1/],
    ['that does not exist', { bucket: 'absent' }, /does not exist/],
  ])('%s is refused, with advice', async (_, rows, said) => {
    const s3 = await startS3(['audit']);
    if (!s3) return;
    const client = clientOf(s3, rows);
    await expect(client.send(batch)).rejects.toMatchObject({
      code: 'SINK_REFUSED',
      message: expect.stringMatching(said),
    });
    await expect(client.check()).rejects.toMatchObject({ code: 'SINK_REFUSED' });
  });

  it('has heads of the proof, each once and locked, and finds those that the store lacks', async (context) => {
    const s3 = await started(context);
    await withLockedBucket(s3);
    const client = clientOf(s3, { bucket: 'locked', prefix: 'logs/', lockDays: '1' });
    const folder = client.proofFolder!;
    expect(await folder.after('_proof/asa/x-1/heads', '')).toEqual([]);
    expect(await folder.get('_proof/asa/x-1/heads/1.note')).toBeNull();
    for (const name of ['1.note', '2.note', '3.note'])
      expect(await folder.keep(`_proof/asa/x-1/heads/${name}`, Buffer.from(name))).toBe(true);
    expect(await folder.keep('_proof/asa/x-1/heads/1.note', Buffer.from('1.note'))).toBe(true);
    expect(await folder.keep('_proof/asa/x-1/heads/1.note', Buffer.from('other'))).toBe(false);
    expect(Buffer.from((await folder.get('_proof/asa/x-1/heads/1.note'))!).toString()).toBe('1.note');
    expect(await folder.after('_proof/asa/x-1/heads', '1.note')).toEqual(['2.note', '3.note']);
    const locked = await client.lockOf!({ name: 'logs/_proof/asa/x-1/heads/1.note', events: 0, bytes: 6 });
    expect(locked).toMatch(/^locked until/);

    const store = new SqliteStore(join(temporary(), 'trawl.db'));
    onTestFinished(() => store.close());
    await store.writePage(page([ofDay(1)], { nextOffset: 'next', more: true }));
    expect(await anchorHead(store, { collector: 'asa', place: 'sink:lake', folder })).toBe(true);
    const { store: id } = await store.proof.state('asa');
    await folder.keep(
      `_proof/asa/${id}-1/heads/000000000009.note`,
      Buffer.from(`${id}/asa/journal\n9\n${'A'.repeat(43)}=\n`),
    );
    expect(await anchorHead(store, { collector: 'asa', place: 'sink:lake', folder })).toBe(false);
  });

  it('that may not be listed takes heads, and cannot say which it has', async (context) => {
    const s3 = await started(context);
    const { endpoint } = await proxyOf(s3, ({ method, url = '' }) =>
      method === 'GET' && url.includes('list-type=2') ? denied : undefined,
    );
    const client = clientOf(s3, { endpoint });
    const store = new SqliteStore(join(temporary(), 'trawl.db'));
    onTestFinished(() => store.close());
    await store.writePage(page([ofDay(1)], { nextOffset: 'next', more: true }));
    expect(await anchorHead(store, { collector: 'asa', place: 'sink:lake', folder: client.proofFolder! })).toBe(true);
    const { store: id } = await store.proof.state('asa');
    expect(await client.proofFolder!.get(`_proof/asa/${id}-1/heads/000000000001.note`)).not.toBeNull();
  });

  it('that denies access is reported, and a wrong secret is reported as such', async (context) => {
    const s3 = await started(context);
    const { endpoint } = await proxyOf(s3, () => denied);
    await expect(clientOf(s3, { endpoint }).send(batch)).rejects.toMatchObject({
      code: 'SINK_REFUSED',
      hint: expect.stringContaining('s3:PutObject'),
    });
    await expect(clientOf(s3, {}, { TRAWL_SECRET_S3: 'wrong-secret' }).send(batch)).rejects.toMatchObject({
      code: 'SINK_REFUSED',
      message: expect.not.stringContaining('wrong-secret'),
    });
    expect(existsSync(join(s3.folder, 'audit', name))).toBe(false);
  });

  it('is accessed with credentials that the AWS SDK finds, if the sink has no key', async (context) => {
    const s3 = await started(context);
    const none = { accessKeyId: '', secretAccessKeyEnv: '' };
    const { accessKeyId, secretAccessKey } = s3;
    const variables = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
    await clientOf(s3, none, variables).send(batch);

    const folder = mkdtempSync(join(tmpdir(), 'trawl-aws-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'credentials');
    writeFileSync(file, `[audit]\naws_access_key_id=${accessKeyId}\naws_secret_access_key=${secretAccessKey}\n`);
    const before = { ...process.env };
    onTestFinished(() => {
      process.env = before;
    });
    Object.assign(process.env, { AWS_SHARED_CREDENTIALS_FILE: file, AWS_PROFILE: 'audit' });
    await clientOf(s3, none).send(batch);
    Object.assign(process.env, { AWS_PROFILE: 'absent', AWS_EC2_METADATA_DISABLED: 'true' });
    await expect(clientOf(s3, none).send(batch)).rejects.toMatchObject({
      code: 'SINK_REFUSED',
      message: expect.stringContaining('without credentials'),
    });
  });
});
