import type { WrittenObject } from '../../batch.js';
import { type ErrorCode, reasonOf, TrawlError } from '../../errors.js';
import { objectGone } from '../objects.js';

interface AwsError extends Error {
  $metadata?: { httpStatusCode?: number };
  $response?: { headers?: Record<string, string> };
  Region?: string;
}

interface Meaning {
  code: ErrorCode;
  what: string;
  hint: string;
}

const keys =
  'Check accessKeyId and secretAccessKey of the sink, or what the AWS SDK finds (AWS_…, profile, role). A temporary key (ASIA…) needs its sessionToken, too.';
const renewed = 'Renew them: the sink reads its own from the settings, and finds others as the AWS SDK does.';
const unlockable = 'Create the bucket with Object Lock, or unset lockDays of the sink.';

const taken: Meaning = {
  code: 'SINK_REFUSED',
  what: 'has an object of this name with other content, and does not let it be overwritten',
  hint: 'Find out what wrote it: a prefix belongs to one installation of Trawl. Rename that object, or set another prefix.',
};

/** Returns whether the error means that another object has the name. */
export function isTaken({ message }: TrawlError): boolean {
  return message.includes(taken.what);
}

/** Returns whether the error means that the keys are wrong, or not valid any more. */
export function refusesKeys(error: unknown): boolean {
  return refusals.has((error as Error).name);
}

const refusals = new Set([
  ...['InvalidAccessKeyId', 'XAdminUserNotFound', 'SignatureDoesNotMatch', 'InvalidToken', 'TokenRefreshRequired'],
  ...['ExpiredToken', 'ExpiredTokenException'],
]);

/** The bucket has an object without the lock that was asked for. */
export function keepsNoLock(bucket: string): TrawlError {
  return new TrawlError(
    'SINK_REFUSED',
    `The bucket ${bucket} takes an object without the lock that lockDays asks for.`,
    {
      hint: unlockable,
    },
  );
}

/** By error name, as used by S3 and compatible servers. */
const meanings: Readonly<Record<string, Meaning>> = {
  NoSuchBucket: { code: 'SINK_REFUSED', what: 'does not exist', hint: 'Create the bucket, or correct its name.' },
  NotFound: { code: 'SINK_REFUSED', what: 'does not exist', hint: 'Create the bucket, or correct its name.' },
  InvalidAccessKeyId: { code: 'SINK_REFUSED', what: 'does not know the access key', hint: keys },
  // Used by versitygw.
  XAdminUserNotFound: { code: 'SINK_REFUSED', what: 'does not know the access key', hint: keys },
  SignatureDoesNotMatch: { code: 'SINK_REFUSED', what: 'does not accept the secret of the access key', hint: keys },
  InvalidToken: { code: 'SINK_REFUSED', what: 'does not accept the session token', hint: keys },
  ExpiredToken: { code: 'SINK_REFUSED', what: 'reports expired credentials', hint: renewed },
  // From the service that exchanges a token of the container or the machine for keys.
  ExpiredTokenException: { code: 'SINK_REFUSED', what: 'cannot be used with an expired token', hint: renewed },
  CredentialsProviderError: { code: 'SINK_REFUSED', what: 'cannot be used without credentials', hint: keys },
  AccessDenied: {
    code: 'SINK_REFUSED',
    what: 'does not allow these credentials to write',
    hint: 'Allow s3:PutObject on it, and s3:GetObject to recognise a repeated batch (and kms:GenerateDataKey for aws:kms, s3:PutObjectRetention for lockDays).',
  },
  NotImplemented: {
    code: 'SINK_REFUSED',
    what: 'does not support what is asked of it',
    hint: 'Unset what its server lacks: lockDays, encryption or storageClass of the sink.',
  },
  PreconditionFailed: taken,
  ConditionalRequestConflict: taken,
  RequestTimeTooSkewed: {
    code: 'SINK_REFUSED',
    what: "reports that this host's clock is wrong",
    hint: 'Correct the clock (NTP).',
  },
  QuotaExceeded: {
    code: 'SINK_FULL',
    what: 'has no room left',
    hint: 'Raise its quota; offloading then resumes.',
  },
  XMinioStorageFull: {
    code: 'SINK_FULL',
    what: 'has no room left',
    hint: 'Free space; offloading then resumes.',
  },
};

/** Translates an S3 error. @param bucket its name, without secrets */
export function s3Error(error: unknown, bucket: string): TrawlError {
  if (error instanceof TrawlError) return error;
  const { name, message, $metadata, $response, Region } = error as AwsError;
  const status = $metadata?.httpStatusCode;
  const said = `The bucket ${bucket}`;
  const known = meanings[name];
  if (known) return new TrawlError(known.code, `${said} ${known.what} (${name}).`, { hint: known.hint, cause: error });
  if (/missing.{0,20}object ?lock ?configuration/i.test(message)) {
    return new TrawlError('SINK_REFUSED', `${said} has no Object Lock, which lockDays needs (${name}).`, {
      hint: unlockable,
      cause: error,
    });
  }
  if (status === 301 || name === 'AuthorizationHeaderMalformed' || name === 'PermanentRedirect') {
    const region = Region ?? $response?.headers?.['x-amz-bucket-region'];
    return new TrawlError('SINK_REFUSED', `${said} is in another region${region ? `: ${region}` : ''} (${name}).`, {
      hint: `Set region${region ? `=${region}` : ''} for this sink.`,
      cause: error,
    });
  }
  if (name === 'Error' && /region is missing/i.test(message)) {
    return new TrawlError('SINK_REFUSED', `${said} cannot be found without a region.`, {
      hint: 'Set region for this sink, or AWS_REGION.',
    });
  }
  if (status === 403)
    return new TrawlError('SINK_REFUSED', `${said} refuses this (403 ${name}).`, {
      hint: meanings.AccessDenied!.hint,
      cause: error,
    });
  if (status === 507)
    return new TrawlError('SINK_FULL', `${said} has no room left (507).`, {
      hint: meanings.QuotaExceeded!.hint,
      cause: error,
    });
  if (status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 429) {
    return new TrawlError('SINK_REFUSED', `${said} refuses this (${status} ${name}): ${message.replace(/\.$/, '')}.`, {
      hint: "Check the bucket's policy and settings.",
      cause: error,
    });
  }
  return new TrawlError(
    'SINK_UNAVAILABLE',
    `${said} cannot be reached: ${status ? `${status} ` : ''}${reasonOf(error)}.`,
    {
      hint: 'The batch is retried; if this persists, check the endpoint and the network.',
      cause: error,
    },
  );
}

/** Translates an error of reading an object back. */
export function s3ReadError(error: unknown, object: WrittenObject, bucket: string): TrawlError {
  if (error instanceof TrawlError)
    return error.code === 'SINK_ANSWER_UNREADABLE' ? notThrough(error, object, bucket) : error;
  const { name, $metadata } = error as AwsError;
  if (name === 'NoSuchKey') return objectGone(object, bucket, error);
  if (name === 'InvalidObjectState') {
    return new TrawlError('SINK_REFUSED', `${object.name} in ${bucket} is in a storage class that must be restored.`, {
      hint: 'Restore it (aws s3api restore-object), or leave its time out with --since or --until.',
      cause: error,
    });
  }
  if (name === 'AccessDenied' || (meanings[name] === undefined && $metadata?.httpStatusCode === 403)) {
    return new TrawlError('SINK_REFUSED', `The bucket ${bucket} does not allow these credentials to read (${name}).`, {
      hint: 'Allow s3:GetObject on it (and kms:Decrypt for aws:kms); without s3:ListBucket, an object that is gone says the same.',
      cause: error,
    });
  }
  const meaning = s3Error(error, bucket);
  if (meaning.code !== 'SINK_UNAVAILABLE') return meaning;
  return new TrawlError(meaning.code, meaning.message, {
    hint: 'Try again; if this persists, check the endpoint and the network.',
    cause: error,
  });
}

/** Translates an error of deleting an object. */
export function s3RemoveError(error: unknown, bucket: string): TrawlError {
  const { name, message, $metadata } = error as AwsError;
  if (name !== 'AccessDenied' && $metadata?.httpStatusCode !== 403) return s3Error(error, bucket);
  return new TrawlError(
    'SINK_REFUSED',
    `The bucket ${bucket} does not allow these credentials to delete (${name}: ${message.replace(/\.$/, '')}).`,
    { hint: 'Allow s3:DeleteObject on it; an object that is locked is deleted once its lock has ended.', cause: error },
  );
}

/** A proxy's answer is held in memory, and bounded. */
function notThrough(error: TrawlError, { name }: WrittenObject, bucket: string): TrawlError {
  return new TrawlError(error.code, `The answer for ${name} of ${bucket} is too long, or not from S3.`, {
    hint: 'Except the endpoint from the proxy (NO_PROXY), or check the proxy.',
    cause: error,
  });
}
