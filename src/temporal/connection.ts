import type { DataConverter } from '@temporalio/common';
import { loadClientConfigProfile, toClientOptions } from '@temporalio/envconfig';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { TrawlError } from '../errors.js';
import { oddCharacter, oddInKey } from '../settings/odd-characters.js';
import type { PayloadKeys } from './codec/keys.js';
import { withProxy } from './proxy.js';

/** The address of a Temporal server, and the means to connect to it. */
export interface TemporalAddress {
  namespace: string;
  /** Options for both the client and the worker. */
  connection: NativeConnectionOptions;
  /** Set if the payloads in Temporal's history are encrypted. */
  dataConverter?: DataConverter;
  /** Set if only this server is accepted, not another one that listens at the same address. */
  clusterId?: string | undefined;
}

/**
 * The server that Temporal's own settings name (`TEMPORAL_*`, temporal.toml), or null if they name none.
 * @throws TrawlError SETTINGS_INVALID if they cannot be read.
 */
export function configuredTemporal(env: Readonly<Record<string, string>>): TemporalAddress | null {
  requirePlain(env);
  try {
    const profile = loadClientConfigProfile({ overrideEnvVars: env });
    if (profile.address === undefined) return null;
    const { connectionOptions, namespace } = toClientOptions(profile);
    const odd = oddInKey(profile.apiKey ?? '');
    if (odd) throw new Error(`the API key has ${odd}`);
    const connection = withProxy(connectionOptions as NativeConnectionOptions, env);
    return { namespace: namespace ?? 'default', connection };
  } catch (error) {
    if (error instanceof TrawlError) throw error;
    // The cause is left out: it quotes temporal.toml.
    throw new TrawlError('SETTINGS_INVALID', `Temporal's settings cannot be used: ${withoutContent(error)}.`, {
      hint: 'Check the TEMPORAL_… variables and temporal.toml.',
    });
  }
}

/** A pasted character that cannot be meant would be blamed on the network. Values are not repeated. */
function requirePlain(env: Readonly<Record<string, string>>): void {
  const names = Object.keys(env).filter((name) => name.startsWith('TEMPORAL_') && !name.endsWith('_DATA'));
  const problems = names.flatMap((name) => {
    const odd = oddCharacter(env[name]!);
    return odd ? [`${name} has ${odd}`] : [];
  });
  if (problems.length === 0) return;
  throw new TrawlError('SETTINGS_INVALID', `Temporal's settings cannot be used: ${problems.join('; ')}.`, {
    hint: 'Correct them in .env or in the environment.',
  });
}

/** Says why settings cannot be read without quoting them: they may contain a key, even in the wrong place. */
function withoutContent(error: unknown): string {
  const { message, line, code, name } = error as { message: string; line?: unknown; code?: unknown; name: string };
  const reason = message.split('\n', 1)[0]!;
  // The rest of the parser's message quotes the lines around the mistake.
  if (typeof line === 'number') return `${reason} (line ${line})`;
  if (typeof code === 'string' && code.startsWith('E') && !code.startsWith('ERR_'))
    return `a file that they name cannot be read (${code})`;
  // Errors that envconfig itself throws are safe to quote; those of Node.js and JavaScript may quote values.
  return name === 'Error' && code === undefined ? reason : 'they do not have the expected form';
}

/** Adds encryption to an address if there are keys. */
export async function encrypting(address: TemporalAddress, keys: PayloadKeys | null): Promise<TemporalAddress> {
  if (!keys) return address;
  const { EncryptionCodec } = await import('./codec/codec.js');
  return { ...address, dataConverter: { payloadCodecs: [new EncryptionCodec(keys, address.namespace)] } };
}

export function localTemporal(address: string, clusterId?: string): TemporalAddress {
  return { namespace: 'default', connection: { address }, clusterId };
}
