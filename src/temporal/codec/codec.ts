import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { TrawlError } from '../../errors.js';
import type { PayloadKeys } from './keys.js';

const PayloadMessage = proto.temporal.api.common.v1.Payload;
const encoding = 'binary/encrypted';
const cipher = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

/**
 * Encrypts the payloads in Temporal's history: inputs, results, memos. AES-256-GCM seals each payload with its metadata
 * under a fresh nonce. The id of the key is stored beside it, in the clear and authenticated.
 *
 * Unencrypted payloads are read as they are: they date from before encryption was turned on, or people send them with
 * the `temporal` command.
 */
export class EncryptionCodec implements PayloadCodec {
  readonly #keys: PayloadKeys;

  constructor(keys: PayloadKeys) {
    this.#keys = keys;
  }

  async encode(payloads: Payload[]): Promise<Payload[]> {
    const [id, key] = [...this.#keys][0]!;
    return payloads.map((payload) => {
      const nonce = randomBytes(nonceBytes);
      const sealing = createCipheriv(cipher, key, nonce).setAAD(associated(id));
      const plain = PayloadMessage.encode(payload).finish();
      const data = Buffer.concat([nonce, sealing.update(plain), sealing.final(), sealing.getAuthTag()]);
      return { metadata: { encoding: Buffer.from(encoding), 'encryption-key-id': Buffer.from(id) }, data };
    });
  }

  /** @throws TrawlError PAYLOAD_UNREADABLE if a payload's key is unknown or the payload was changed. */
  async decode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) => (isEncrypted(payload) ? this.#opened(payload) : payload));
  }

  #opened({ metadata, data }: Payload): Payload {
    const id = Buffer.from(metadata?.['encryption-key-id'] ?? []).toString();
    const key = this.#keys.get(id);
    if (!key) throw unreadable(`The key ${JSON.stringify(id.slice(0, 64))} of an encrypted payload is unknown.`);
    const sealed = Buffer.from(data ?? []);
    if (sealed.length < nonceBytes + tagBytes) throw unreadable('An encrypted payload is truncated.');
    try {
      const opening = createDecipheriv(cipher, key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes })
        .setAAD(associated(id))
        .setAuthTag(sealed.subarray(-tagBytes));
      const plain = Buffer.concat([opening.update(sealed.subarray(nonceBytes, -tagBytes)), opening.final()]);
      return PayloadMessage.decode(plain);
    } catch (error) {
      throw unreadable(
        `An encrypted payload was changed, or the key ${JSON.stringify(id)} is not the one it was encrypted with.`,
        error,
      );
    }
  }
}

function isEncrypted({ metadata }: Payload): boolean {
  return Buffer.from(metadata?.encoding ?? []).toString() === encoding;
}

function associated(id: string): Buffer {
  return Buffer.from(`${encoding}\0${id}`);
}

function unreadable(what: string, cause?: unknown): TrawlError {
  return new TrawlError('PAYLOAD_UNREADABLE', what, {
    hint: 'Put every key that has been used into TRAWL_PAYLOAD_KEYS, the newest first.',
    cause,
  });
}
