import { Client, Connection } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { loadClientConfigProfile, toClientOptions } from '@temporalio/envconfig';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { reasonOf, TrawlError } from '../errors.js';
import { EncryptionCodec } from './codec/codec.js';
import type { PayloadKeys } from './codec/keys.js';

/** Where a Temporal server is and how to speak to it. */
export interface TemporalAddress {
  namespace: string;
  /** For the client and for the worker. */
  connection: NativeConnectionOptions;
  /** Set where what goes into Temporal's history is encrypted. */
  dataConverter?: DataConverter;
}

/**
 * The server that Temporal's own settings name (`TEMPORAL_*`, temporal.toml), or null where they name none.
 * @throws TrawlError SETTINGS_INVALID where they cannot be read.
 */
export function configuredTemporal(env: Readonly<Record<string, string>>): TemporalAddress | null {
  try {
    const profile = loadClientConfigProfile({ overrideEnvVars: env });
    if (profile.address === undefined) return null;
    const { connectionOptions, namespace } = toClientOptions(profile);
    return { namespace: namespace ?? 'default', connection: connectionOptions as NativeConnectionOptions };
  } catch (error) {
    // Without its cause, which quotes temporal.toml.
    throw new TrawlError('SETTINGS_INVALID', `Temporal's settings cannot be used: ${withoutContent(error)}.`, {
      hint: 'Check the TEMPORAL_… variables and temporal.toml.',
    });
  }
}

/** Why settings cannot be read, without what stands in them: a key may be there, also in the wrong place. */
function withoutContent(error: unknown): string {
  const { message, line, code, name } = error as { message: string; line?: unknown; code?: unknown; name: string };
  const reason = message.split('\n', 1)[0]!;
  // The parser's message goes on with the lines around the mistake.
  if (typeof line === 'number') return `${reason} (line ${line})`;
  if (typeof code === 'string' && code.startsWith('E') && !code.startsWith('ERR_'))
    return `a file that they name cannot be read (${code})`;
  // Those that the reader of the settings throws itself; Node's and the language's quote values.
  return name === 'Error' && code === undefined ? reason : 'they do not have the form that is expected';
}

/** With what the settings say of encryption. */
export function encrypting(address: TemporalAddress, keys: PayloadKeys | null): TemporalAddress {
  return keys ? { ...address, dataConverter: { payloadCodecs: [new EncryptionCodec(keys)] } } : address;
}

export function localTemporal(address: string): TemporalAddress {
  return { namespace: 'default', connection: { address } };
}

/**
 * @throws TrawlError TEMPORAL_UNREACHABLE where the server does not answer, or has no such namespace.
 */
export async function connect({ namespace, connection: options, dataConverter }: TemporalAddress): Promise<Client> {
  let connection: Connection | undefined;
  try {
    connection = await Connection.connect({ connectTimeout: '5s', ...options });
    await connection.workflowService.describeNamespace({ namespace });
    return new Client({ connection, namespace, ...(dataConverter ? { dataConverter } : {}) });
  } catch (error) {
    await connection?.close();
    const detail = (error as { details?: string }).details || reasonOf(error);
    throw new TrawlError(
      'TEMPORAL_UNREACHABLE',
      `Temporal at ${options.address ?? 'its default address'} (namespace ${namespace}) cannot be used: ${detail}.`,
      {
        hint: 'Check TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE and its credentials, or start one here with "trawl up".',
        cause: error,
      },
    );
  }
}
