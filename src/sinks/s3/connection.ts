import { createHash, getFips } from 'node:crypto';
import { S3Client } from '@aws-sdk/client-s3';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import type { SinkContext } from '../sink.js';
import { refusesKeys } from './errors.js';
import { throughProxies } from './proxied.js';
import type { S3Settings } from './settings.js';

/** A client of the SDK, with what the SDK does not do by itself: proxies, credentials that change, checksums. */
export class S3Connection {
  readonly client: S3Client;
  readonly #found: FoundCredentials | undefined;

  /** @param place of the objects, for messages */
  constructor(settings: S3Settings, { env, http }: SinkContext, place: string) {
    const { endpoint, region } = settings;
    const given = ownCredentials(settings) ?? credentialsOf(env);
    this.#found = given ? undefined : new FoundCredentials();
    const known = region ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? (endpoint ? 'us-east-1' : undefined);
    this.client = new S3Client({
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
      credentials: given ?? this.#found!.provide,
      maxAttempts: 3,
    });
    const { config } = this.client;
    config.requestHandler = throughProxies(
      config.requestHandler,
      http,
      `The bucket ${place}`,
    ) as typeof config.requestHandler;
    if (endpoint && getFips() === 0) addContentMd5(this.client);
  }

  /** Tries once more if the server refuses credentials that may have been renewed since they were read. */
  async patiently<T>(attempt: () => Promise<T>): Promise<T> {
    try {
      return await attempt();
    } catch (error) {
      if (!this.#found || !refusesKeys(error)) throw error;
      this.#found.forget();
      return attempt();
    }
  }
}

/** Credentials that the SDK finds by itself. The SDK reads a credentials file once per process; this reads it again when needed. */
class FoundCredentials {
  #provider = defaultProvider({ ignoreCache: true });

  /** `memoized` keeps the SDK from keeping them beside. */
  readonly provide = Object.assign((asked?: Record<string, unknown>) => this.#provider(asked), { memoized: true });

  forget(): void {
    this.#provider = defaultProvider({ ignoreCache: true });
  }
}

function ownCredentials({ accessKeyId, secretAccessKey, sessionToken }: S3Settings) {
  if (!accessKeyId || !secretAccessKey) return undefined;
  return {
    accessKeyId,
    secretAccessKey: secretAccessKey.reveal(),
    ...(sessionToken ? { sessionToken: sessionToken.reveal() } : {}),
  };
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

/** A bucket with Object Lock refuses an object without a checksum, and this is the one that every server knows. */
function addContentMd5(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const { headers, body } = args.request as { headers: Record<string, string>; body?: unknown };
      if (typeof body === 'string' || body instanceof Uint8Array)
        headers['content-md5'] = createHash('md5').update(body).digest('base64');
      return next(args);
    },
    { step: 'build', name: 'contentMd5' },
  );
}
