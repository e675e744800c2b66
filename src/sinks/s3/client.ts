import { createHash, randomUUID } from 'node:crypto';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectRetentionCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type { SentObject, WrittenObject } from '../../batch.js';
import { TrawlError } from '../../errors.js';
import { unreadable } from '../http-answer.js';
import { objectFiles, requireSize, sentObject } from '../objects.js';
import type { OutgoingBatch, ProofFolder, SendResult, SinkClient, SinkContext, WholeFile } from '../sink.js';
import { S3Connection } from './connection.js';
import { isTaken, keepsNoLock, s3Error, s3ReadError, s3RemoveError } from './errors.js';
import { keyPrefix, type S3Settings } from './settings.js';

/** Larger objects are uploaded in parts of this size. */
const partBytes = 8 * 1024 * 1024;
const digestName = 'trawl-sha256';
const dayMs = 86_400_000;

export class S3SinkClient implements SinkClient {
  readonly place: string;
  readonly #settings: S3Settings;
  readonly #prefix: string;
  readonly #connection: S3Connection;
  /** Added to requests once the bucket has refused one without it. */
  #condition: { IfNoneMatch?: '*' } = {};

  constructor(settings: S3Settings, context: SinkContext) {
    this.#settings = settings;
    this.#prefix = keyPrefix(settings);
    this.place = `s3://${settings.bucket}/${this.#prefix}`;
    this.#connection = new S3Connection(settings, context, this.place);
  }

  async send(batch: OutgoingBatch, signal?: AbortSignal): Promise<SendResult> {
    const objects: SentObject[] = [];
    let unmapped = 0;
    for await (const file of objectFiles(batch, this.#settings)) {
      signal?.throwIfAborted();
      const name = `${this.#prefix}${file.name}`;
      await this.write(name, file, signal);
      objects.push(sentObject(file, name));
      unmapped += file.unmapped;
    }
    return { objects, bytes: objects.reduce((sum, { bytes }) => sum + bytes, 0), unmapped, refused: [] };
  }

  async check(signal?: AbortSignal): Promise<void> {
    const object = { Bucket: this.#settings.bucket, Key: `${this.#prefix}.trawl-check-${randomUUID()}` };
    const options = signal ? { abortSignal: signal } : {};
    const { client } = this.#connection;
    // The shortest retention there is: this object is to go.
    const params = {
      ...object,
      Body: 'Trawl may write here.\n',
      IfNoneMatch: '*',
      ...this.#storing(this.#settings.lockDays && 1),
    };
    try {
      await this.#connection.patiently(() => client.send(new PutObjectCommand(params), options));
    } catch (error) {
      throw s3Error(error, this.place);
    }
    const isUnlocked = this.#settings.lockDays !== undefined && (await this.#isUnlocked(object));
    // Credentials that may write may not be allowed to delete.
    await client.send(new DeleteObjectCommand(object), options).catch(() => undefined);
    if (isUnlocked) throw keepsNoLock(this.place);
  }

  async read(object: WrittenObject, signal?: AbortSignal): Promise<Uint8Array> {
    const { client } = this.#connection;
    const wanted = { Bucket: this.#settings.bucket, Key: object.name };
    try {
      const { Body, ContentLength } = await this.#connection.patiently(() =>
        client.send(new GetObjectCommand(wanted), signal ? { abortSignal: signal } : {}),
      );
      // Before it is read: nobody knows how large something else is.
      if (ContentLength !== undefined) requireSize(object, ContentLength, this.place);
      const parts: Uint8Array[] = [];
      let bytes = 0;
      for await (const part of (Body ?? []) as AsyncIterable<Uint8Array>) {
        bytes += part.byteLength;
        if (bytes > object.bytes) break;
        parts.push(part);
      }
      requireSize(object, bytes, this.place);
      return Buffer.concat(parts);
    } catch (error) {
      signal?.throwIfAborted();
      throw s3ReadError(error, object, this.place);
    }
  }

  readonly proofFolder: ProofFolder = {
    keep: async (name, bytes, signal) => {
      const params: PutObjectCommandInput = {
        ...{ Bucket: this.#settings.bucket, Key: `${this.#prefix}${name}`, Body: bytes, IfNoneMatch: '*' },
        ...{ ContentType: 'application/octet-stream', ...this.#storing() },
      };
      try {
        await this.#connection.patiently(() =>
          this.#connection.client.send(new PutObjectCommand(params), signal ? { abortSignal: signal } : {}),
        );
        return true;
      } catch (error) {
        signal?.throwIfAborted();
        // It is there already, unless this attempt has put it there.
        const found = await this.proofFolder.get(name, signal).catch(() => null);
        if (found === null) throw s3Error(error, this.place);
        return Buffer.compare(found, bytes) === 0;
      }
    },
    after: async (folder, name, signal) => {
      const before = `${this.#prefix}${folder}/`;
      const wanted = { Bucket: this.#settings.bucket, Prefix: before, StartAfter: `${before}${name}` };
      try {
        const { Contents = [] } = await this.#connection.patiently(() =>
          this.#connection.client.send(new ListObjectsV2Command(wanted), signal ? { abortSignal: signal } : {}),
        );
        return Contents.flatMap(({ Key }) => Key?.slice(before.length) ?? []).sort();
      } catch (error) {
        signal?.throwIfAborted();
        throw s3Error(error, this.place);
      }
    },
    get: async (name, signal) => {
      const wanted = { Bucket: this.#settings.bucket, Key: `${this.#prefix}${name}` };
      try {
        const { Body } = await this.#connection.patiently(() =>
          this.#connection.client.send(new GetObjectCommand(wanted), signal ? { abortSignal: signal } : {}),
        );
        return (await Body?.transformToByteArray()) ?? null;
      } catch (error) {
        signal?.throwIfAborted();
        if ((error as Error).name === 'NoSuchKey') return null;
        throw s3Error(error, this.place);
      }
    },
  };

  async close(): Promise<void> {
    this.#connection.client.destroy();
  }

  /**
   * Without a version, so that a lock keeps what it protects: a bucket with versions only hides the object. Object Lock
   * needs versions, so `lockOf` must be asked before.
   */
  async remove(name: string, signal?: AbortSignal): Promise<string | null> {
    const wanted = { Bucket: this.#settings.bucket, Key: name };
    try {
      await this.#connection.patiently(() =>
        this.#connection.client.send(new DeleteObjectCommand(wanted), signal ? { abortSignal: signal } : {}),
      );
      return null;
    } catch (error) {
      signal?.throwIfAborted();
      if ((error as Error).name === 'NoSuchKey') return null;
      const refused = s3RemoveError(error, this.place);
      if (refused.code === 'SINK_REFUSED') return refused.message.replace(/\.$/, '');
      throw refused;
    }
  }

  async lockOf(object: WrittenObject, signal?: AbortSignal): Promise<string | null> {
    const wanted = { Bucket: this.#settings.bucket, Key: object.name };
    try {
      const found = await this.#connection.patiently(() =>
        this.#connection.client.send(new HeadObjectCommand(wanted), signal ? { abortSignal: signal } : {}),
      );
      if (found.ObjectLockLegalHoldStatus === 'ON') return 'under a legal hold';
      const until = found.ObjectLockRetainUntilDate;
      return until !== undefined && until.getTime() > Date.now() ? `locked until ${until.toISOString()}` : null;
    } catch (error) {
      signal?.throwIfAborted();
      // HEAD has no body that could name the error.
      if ((error as Error).name === 'NotFound') return null;
      throw s3ReadError(error, object, this.place);
    }
  }

  /**
   * Overwrites the object of an earlier attempt. A bucket may forbid that, and accept only requests that promise not to
   * overwrite. An existing object must then have the same content.
   */
  async write(name: string, file: WholeFile, signal?: AbortSignal): Promise<void> {
    const digest = createHash('sha256').update(file.bytes).digest('hex');
    const object = { Bucket: this.#settings.bucket, Key: name };
    const params: PutObjectCommandInput = {
      ...object,
      Body: file.bytes,
      ContentType: file.contentType,
      Metadata: { [digestName]: digest },
      ...this.#storing(file.isPassing ? 0 : undefined),
    };
    const refusal = await this.#upload({ ...params, ...this.#condition }, signal);
    if (refusal === null || (await this.#isThere(object, digest))) return;
    if (this.#condition.IfNoneMatch) throw refusal;
    const onlyNew = { IfNoneMatch: '*' } as const;
    const second = await this.#upload({ ...params, ...onlyNew }, signal);
    // The first answer explains the failure, unless only the condition was missing.
    if (second !== null) throw isTaken(second) ? second : refusal;
    this.#condition = onlyNew;
  }

  /** Returns an error that the caller may be able to resolve, and throws any other. */
  async #upload(params: PutObjectCommandInput, signal: AbortSignal | undefined): Promise<TrawlError | null> {
    try {
      const { ETag } = await this.#connection.patiently(() => this.#uploaded(params, signal));
      const { Bucket, Key, Metadata } = params;
      // A sign-in page answers 200, too.
      if (ETag === undefined && !(await this.#isThere({ Bucket, Key }, Metadata?.[digestName])))
        throw unreadable(this.place, 'not from S3');
      return null;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof TrawlError) throw error;
      const meaning = s3Error(error, this.place);
      if (meaning.code === 'SINK_REFUSED') return meaning;
      throw meaning;
    }
  }

  async #uploaded(params: PutObjectCommandInput, signal: AbortSignal | undefined) {
    const upload = new Upload({ client: this.#connection.client, params, partSize: partBytes, queueSize: 2 });
    const abort = () => void upload.abort();
    signal?.addEventListener('abort', abort, { once: true });
    try {
      return await upload.done();
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  async #isThere(object: Pick<PutObjectCommandInput, 'Bucket' | 'Key'>, digest: string | undefined): Promise<boolean> {
    try {
      const { Metadata } = await this.#connection.client.send(new HeadObjectCommand(object));
      return digest !== undefined && Metadata?.[digestName] === digest;
    } catch {
      return false;
    }
  }

  /** Returns whether the server has put the object without the lock that was asked for, as some do. */
  async #isUnlocked(object: Pick<PutObjectCommandInput, 'Bucket' | 'Key'>): Promise<boolean> {
    try {
      const { Retention } = await this.#connection.client.send(new GetObjectRetentionCommand({ ...object }));
      return Retention?.RetainUntilDate === undefined;
    } catch (error) {
      return (error as Error).name === 'NoSuchObjectLockConfiguration';
    }
  }

  /** @param lockDays how long the object is locked, if the sink's objects are; 0 if it is not */
  #storing(lockDays = this.#settings.lockDays): Partial<PutObjectCommandInput> {
    const { encryption, kmsKeyId, storageClass, lockMode } = this.#settings;
    return {
      ...(encryption === 'bucket-default' ? {} : { ServerSideEncryption: encryption }),
      ...(encryption === 'aws:kms' && kmsKeyId !== undefined ? { SSEKMSKeyId: kmsKeyId } : {}),
      ...(storageClass === undefined ? {} : { StorageClass: storageClass as 'STANDARD' }),
      ...(!lockDays
        ? {}
        : {
            ObjectLockMode: lockMode === 'compliance' ? 'COMPLIANCE' : 'GOVERNANCE',
            ObjectLockRetainUntilDate: new Date(Date.now() + lockDays * dayMs),
          }),
    };
  }
}
