import { createHash, randomUUID } from 'node:crypto';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type { WrittenObject } from '../../batch.js';
import { TrawlError } from '../../errors.js';
import { unreadable } from '../http-answer.js';
import { type ObjectFile, objectFiles, requireSize } from '../objects.js';
import type { OutgoingBatch, SendResult, SinkClient, SinkContext } from '../sink.js';
import { isTaken, s3Error, s3ReadError } from './errors.js';
import { throughProxies } from './proxied.js';
import { keyPrefix, type S3Settings } from './settings.js';

/** Larger objects are uploaded in parts of this size. */
const partBytes = 8 * 1024 * 1024;
const digestName = 'trawl-sha256';

export class S3SinkClient implements SinkClient {
  readonly place: string;
  readonly #settings: S3Settings;
  readonly #prefix: string;
  readonly #client: S3Client;
  /** Added to requests once the bucket has refused one without it. */
  #condition: { IfNoneMatch?: '*' } = {};

  constructor(settings: S3Settings, { env, http }: SinkContext) {
    this.#settings = settings;
    const { bucket, endpoint, region, accessKeyId, secretAccessKey } = settings;
    this.#prefix = keyPrefix(settings);
    this.place = `s3://${bucket}/${this.#prefix}`;
    const own = accessKeyId && secretAccessKey && { accessKeyId, secretAccessKey: secretAccessKey.reveal() };
    const found = own || credentialsOf(env);
    const known = region ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? (endpoint ? 'us-east-1' : undefined);
    this.#client = new S3Client({
      ...(known ? { region: known } : {}),
      // Not every server supports the newer checksums, or bucket names as host names.
      ...(endpoint
        ? {
            endpoint,
            forcePathStyle: true,
            requestChecksumCalculation: 'WHEN_REQUIRED',
            responseChecksumValidation: 'WHEN_REQUIRED',
          }
        : {}),
      ...(found ? { credentials: found } : {}),
      maxAttempts: 3,
    });
    const { config } = this.#client;
    config.requestHandler = throughProxies(
      config.requestHandler,
      http,
      `The bucket ${this.place}`,
    ) as typeof config.requestHandler;
  }

  async send(batch: OutgoingBatch, signal?: AbortSignal): Promise<SendResult> {
    const objects: WrittenObject[] = [];
    let unmapped = 0;
    for await (const file of objectFiles(batch, this.#settings)) {
      signal?.throwIfAborted();
      await this.#put(file, signal);
      objects.push({ name: `${this.#prefix}${file.name}`, events: file.events, bytes: file.bytes.byteLength });
      unmapped += file.unmapped;
    }
    return { objects, bytes: objects.reduce((sum, { bytes }) => sum + bytes, 0), unmapped, refused: [] };
  }

  async check(signal?: AbortSignal): Promise<void> {
    const object = { Bucket: this.#settings.bucket, Key: `${this.#prefix}.trawl-check-${randomUUID()}` };
    const options = signal ? { abortSignal: signal } : {};
    try {
      await this.#client.send(
        new PutObjectCommand({ ...object, Body: 'Trawl may write here.\n', IfNoneMatch: '*', ...this.#storing() }),
        options,
      );
    } catch (error) {
      throw s3Error(error, this.place);
    }
    // Credentials that may write may not be allowed to delete.
    await this.#client.send(new DeleteObjectCommand(object), options).catch(() => undefined);
  }

  async read(object: WrittenObject, signal?: AbortSignal): Promise<Uint8Array> {
    try {
      const { Body, ContentLength } = await this.#client.send(
        new GetObjectCommand({ Bucket: this.#settings.bucket, Key: object.name }),
        signal ? { abortSignal: signal } : {},
      );
      // Before it is read: nobody knows how large something else is.
      if (ContentLength !== undefined) requireSize(object, ContentLength, this.place);
      const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
      requireSize(object, bytes.byteLength, this.place);
      return bytes;
    } catch (error) {
      signal?.throwIfAborted();
      throw s3ReadError(error, object, this.place);
    }
  }

  async close(): Promise<void> {
    this.#client.destroy();
  }

  /**
   * Overwrites the object of an earlier attempt. A bucket may forbid that, and accept only requests that promise not to
   * overwrite. An existing object must then have the same content.
   */
  async #put(file: ObjectFile, signal?: AbortSignal): Promise<void> {
    const digest = createHash('sha256').update(file.bytes).digest('hex');
    const object = { Bucket: this.#settings.bucket, Key: `${this.#prefix}${file.name}` };
    const params: PutObjectCommandInput = {
      ...object,
      Body: file.bytes,
      ContentType: file.contentType,
      Metadata: { [digestName]: digest },
      ...this.#storing(),
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
    const upload = new Upload({ client: this.#client, params, partSize: partBytes, queueSize: 2 });
    const abort = () => void upload.abort();
    signal?.addEventListener('abort', abort, { once: true });
    try {
      const { ETag } = await upload.done();
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
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  async #isThere(object: Pick<PutObjectCommandInput, 'Bucket' | 'Key'>, digest: string | undefined): Promise<boolean> {
    try {
      const { Metadata } = await this.#client.send(new HeadObjectCommand(object));
      return digest !== undefined && Metadata?.[digestName] === digest;
    } catch {
      return false;
    }
  }

  #storing(): Partial<PutObjectCommandInput> {
    const { encryption, kmsKeyId, storageClass } = this.#settings;
    return {
      ...(encryption === 'bucket-default' ? {} : { ServerSideEncryption: encryption }),
      ...(encryption === 'aws:kms' && kmsKeyId !== undefined ? { SSEKMSKeyId: kmsKeyId } : {}),
      ...(storageClass === undefined ? {} : { StorageClass: storageClass as 'STANDARD' }),
    };
  }
}

/** Credentials from .env, which the SDK does not read. The SDK handles the rest of its chain. */
function credentialsOf(env: SinkContext['env']) {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = env;
  if (!accessKeyId || !secretAccessKey) return undefined;
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}
