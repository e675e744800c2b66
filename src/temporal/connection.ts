import { Client, Connection, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { loadClientConfigProfile, toClientOptions } from '@temporalio/envconfig';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { reasonOf, TrawlError } from '../errors.js';
import { oddCharacter, oddInKey } from '../settings/odd-characters.js';
import { ignoreRetriesAfterClosing } from './after-closing.js';
import { EncryptionCodec } from './codec/codec.js';
import type { PayloadKeys } from './codec/keys.js';
import { type Diagnosis, diagnose } from './diagnosis.js';
import { clientOptions, withProxy } from './proxy.js';

/** gRPC status codes. */
const grpcStatus = {
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  UNIMPLEMENTED: 12,
  UNAUTHENTICATED: 16,
} as const;

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
export function encrypting(address: TemporalAddress, keys: PayloadKeys | null): TemporalAddress {
  return keys
    ? { ...address, dataConverter: { payloadCodecs: [new EncryptionCodec(keys, address.namespace)] } }
    : address;
}

export function localTemporal(address: string, clusterId?: string): TemporalAddress {
  return { namespace: 'default', connection: { address }, clusterId };
}

/** A server that takes longer counts as not answering. */
const answerDefaultMs = 5_000;

/**
 * Connects to the server and checks its namespace.
 * @param answerMaxMs timeout of each attempt: at most three, including the diagnosis of a failure.
 * @throws TrawlError TEMPORAL_UNREACHABLE if the server does not answer, TEMPORAL_REFUSED if a person must provide
 * access: a certificate, a key, a namespace.
 */
export async function connect(
  { namespace, connection: options, dataConverter, clusterId }: TemporalAddress,
  answerMaxMs = answerDefaultMs,
): Promise<Client> {
  const place = `Temporal at ${options.address ?? 'its default address'} (namespace ${namespace})`;
  let connection: Connection | undefined;
  try {
    const interceptors = [makeGrpcRetryInterceptor(defaultGrpcRetryOptions()), ignoreRetriesAfterClosing()];
    connection = await Connection.connect({ connectTimeout: answerMaxMs, ...clientOptions(options), interceptors });
    const { workflowService } = connection;
    await connection.withDeadline(Date.now() + answerMaxMs, async () => {
      await workflowService.describeNamespace({ namespace });
      if (clusterId !== undefined && clusterId !== (await workflowService.getClusterInfo({})).clusterId)
        throw anotherServer(place);
    });
    return new Client({ connection, namespace, ...(dataConverter ? { dataConverter } : {}) });
  } catch (error) {
    await connection?.close();
    if (error instanceof TrawlError) throw error;
    const { problem, hint, refused } = ofAnswer(error, namespace) ?? (await diagnose(options, answerMaxMs));
    throw new TrawlError(
      refused ? 'TEMPORAL_REFUSED' : 'TEMPORAL_UNREACHABLE',
      `${place} cannot be used: ${problem}.`,
      { hint, cause: error },
    );
  }
}

function anotherServer(place: string): TrawlError {
  return new TrawlError('TEMPORAL_UNREACHABLE', `${place} is another server, not the one that was started here.`, {
    hint: 'Try again: the server that was started here has ended or is restarting.',
  });
}

/** Diagnosis from the server's answer; undefined if there was none. */
function ofAnswer(error: unknown, namespace: string): Diagnosis | undefined {
  const { code, details } = error as { code?: unknown; details?: unknown };
  const said = typeof details === 'string' && details !== '' ? ` (${details.replace(/\.$/, '')})` : '';
  switch (code) {
    case grpcStatus.DEADLINE_EXCEEDED:
      return undefined;
    case grpcStatus.NOT_FOUND:
      return {
        problem: 'it has no such namespace',
        hint: `Check TEMPORAL_NAMESPACE, or create it: temporal operator namespace create -n ${namespace}.`,
        refused: true,
      };
    case grpcStatus.UNAUTHENTICATED:
    case grpcStatus.PERMISSION_DENIED:
      return {
        problem: `it does not accept these credentials${said}`,
        hint: 'Check TEMPORAL_API_KEY or the client certificate, and that they are for TEMPORAL_NAMESPACE.',
        refused: true,
      };
    case grpcStatus.UNIMPLEMENTED:
      return {
        problem: 'it is not a Temporal server',
        hint: 'Check TEMPORAL_ADDRESS: it is the gRPC port (usually 7233), not the port of the UI.',
        refused: false,
      };
    default:
      if (said === '' && !isNodeError(error)) return undefined;
      return {
        problem: said === '' ? reasonOf(error) : (details as string).replace(/\.$/, ''),
        hint: 'Check TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE and the TEMPORAL_TLS_… settings.',
        refused: said === '',
      };
  }
}

/** True for errors before anything is sent: a malformed address, a key that does not match its certificate. */
function isNodeError(error: unknown): boolean {
  return error instanceof TypeError || typeof (error as { code?: unknown }).code === 'string';
}
