import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec, SerializationContext } from '@temporalio/common';
import proto from '@temporalio/proto';
import { TrawlError } from '../../errors.js';
import { type Binding, bindingOf, requireBelongs } from './binding.js';
import type { PayloadKeys } from './keys.js';

const PayloadMessage = proto.temporal.api.common.v1.Payload;
const encoding = 'binary/encrypted';
const cipher = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;
/** Names in a payload's metadata, which anyone can read who sees the history. */
const names = {
  key: 'encryption-key-id',
  namespace: 'encryption-namespace',
  workflow: 'encryption-workflow-id',
} as const;

/**
 * Encrypts the payloads in Temporal's history: inputs, results, memos. AES-256-GCM seals each payload with its metadata
 * under a fresh nonce. The id of the key, the namespace and the workflow that the payload belongs to are stored beside
 * it, in the clear and authenticated: a payload that is copied to another workflow is refused there.
 *
 * Unencrypted payloads are read as they are: they date from before encryption was turned on, or people send them with
 * the `temporal` command. Encrypted ones that name no namespace date from version 0.2 or earlier.
 */
export class EncryptionCodec implements PayloadCodec {
  readonly #keys: PayloadKeys;
  readonly #namespace: string;

  /** @param namespace of the client or the worker, for what the SDK converts without a context */
  constructor(keys: PayloadKeys, namespace: string) {
    this.#keys = keys;
    this.#namespace = namespace;
  }

  async encode(payloads: Payload[], context?: SerializationContext): Promise<Payload[]> {
    const binding = bindingOf(context, this.#namespace);
    return payloads.map((payload) => sealed(payload, this.#keys, binding));
  }

  /** @throws TrawlError PAYLOAD_UNREADABLE if a payload's key is unknown, or the payload was changed or belongs elsewhere. */
  async decode(payloads: Payload[], context?: SerializationContext): Promise<Payload[]> {
    const here = bindingOf(context, this.#namespace);
    return payloads.map((payload) => {
      const plain = opened(payload, this.#keys);
      const binding = statedBinding(payload);
      if (binding) requireBelongs(binding, here);
      return plain;
    });
  }
}

/** Encrypts a payload with the first of the keys. */
export function sealed(payload: Payload, keys: PayloadKeys, binding: Binding): Payload {
  const [id, key] = [...keys][0]!;
  const nonce = randomBytes(nonceBytes);
  const sealing = createCipheriv(cipher, key, nonce).setAAD(associated(id, binding));
  const plain = PayloadMessage.encode(payload).finish();
  const data = Buffer.concat([nonce, sealing.update(plain), sealing.final(), sealing.getAuthTag()]);
  const { namespace, workflowId } = binding;
  const clear = {
    encoding,
    [names.key]: id,
    [names.namespace]: namespace,
    ...(workflowId === undefined ? {} : { [names.workflow]: workflowId }),
  };
  return { metadata: Object.fromEntries(Object.entries(clear).map(([name, text]) => [name, Buffer.from(text)])), data };
}

/**
 * Decrypts a payload, wherever it belongs; an unencrypted one is returned as it is.
 * @throws TrawlError PAYLOAD_UNREADABLE
 */
export function opened(payload: Payload, keys: PayloadKeys): Payload {
  if (textOf(payload, 'encoding') !== encoding) return payload;
  const id = textOf(payload, names.key) ?? '';
  const key = keys.get(id);
  if (!key) throw unreadable(`The key ${JSON.stringify(id.slice(0, 64))} of an encrypted payload is unknown.`);
  const bytes = Buffer.from(payload.data ?? []);
  if (bytes.length < nonceBytes + tagBytes) throw unreadable('An encrypted payload is truncated.');
  try {
    const opening = createDecipheriv(cipher, key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes })
      .setAAD(associated(id, statedBinding(payload)))
      .setAuthTag(bytes.subarray(-tagBytes));
    const plain = Buffer.concat([opening.update(bytes.subarray(nonceBytes, -tagBytes)), opening.final()]);
    return PayloadMessage.decode(plain);
  } catch (error) {
    throw unreadable(
      `An encrypted payload was changed, or the key ${JSON.stringify(id)} is not the one it was encrypted with.`,
      error,
    );
  }
}

/** Where an encrypted payload says it belongs; undefined for those of version 0.2 or earlier, and unencrypted ones. */
function statedBinding(payload: Payload): Binding | undefined {
  const [namespace, workflowId] = [textOf(payload, names.namespace), textOf(payload, names.workflow)];
  if (textOf(payload, 'encoding') !== encoding || (namespace ?? workflowId) === undefined) return undefined;
  return { namespace: namespace ?? '', ...(workflowId ? { workflowId } : {}) };
}

function textOf({ metadata }: Payload, name: string): string | undefined {
  const bytes = metadata?.[name];
  return bytes ? Buffer.from(bytes).toString() : undefined;
}

/** No id of a key has a null byte or a bracket, so the two forms cannot be mistaken for each other. */
function associated(id: string, binding: Binding | undefined): Buffer {
  const what = binding ? JSON.stringify([id, binding.namespace, binding.workflowId ?? null]) : id;
  return Buffer.from(`${encoding}\0${what}`);
}

function unreadable(what: string, cause?: unknown): TrawlError {
  return new TrawlError('PAYLOAD_UNREADABLE', what, {
    hint: 'Put every key that has been used into TRAWL_PAYLOAD_KEYS, the newest first.',
    cause,
  });
}
