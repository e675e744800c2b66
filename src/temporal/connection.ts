import {
  Client,
  Connection,
  type ConnectionOptions,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
} from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { loadClientConfigProfile, toClientOptions } from '@temporalio/envconfig';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { reasonOf, TrawlError } from '../errors.js';
import { ignoreRetriesAfterClosing } from './after-closing.js';
import { EncryptionCodec } from './codec/codec.js';
import type { PayloadKeys } from './codec/keys.js';
import { type Diagnosis, diagnose } from './diagnosis.js';

/** gRPC's codes of what a server answers. */
const grpcStatus = {
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  UNIMPLEMENTED: 12,
  UNAUTHENTICATED: 16,
} as const;

/** Where a Temporal server is and how to speak to it. */
export interface TemporalAddress {
  namespace: string;
  /** For the client and for the worker. */
  connection: NativeConnectionOptions;
  /** Set where what goes into Temporal's history is encrypted. */
  dataConverter?: DataConverter;
  /** Set where only this server will do, and no other one that has come to listen there. */
  clusterId?: string | undefined;
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

export function localTemporal(address: string, clusterId?: string): TemporalAddress {
  return { namespace: 'default', connection: { address }, clusterId };
}

/** The client would go through the proxy of `http_proxy` to this machine too, where the worker goes straight. */
export function channelTo(address: string | undefined): Pick<ConnectionOptions, 'channelArgs'> {
  const isHere = /^(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?$/.test(address ?? '');
  return isHere ? { channelArgs: { 'grpc.enable_http_proxy': 0 } } : {};
}

/** A server that answers at all does so within this. */
const answerDefaultMs = 5_000;

/**
 * @param answerMaxMs how long each of its answers is waited for: three at the most, with what finds out why none comes.
 * @throws TrawlError TEMPORAL_UNREACHABLE where the server does not answer, TEMPORAL_REFUSED where it takes a person to
 * be let in: a certificate, a key, a namespace.
 */
export async function connect(
  { namespace, connection: options, dataConverter, clusterId }: TemporalAddress,
  answerMaxMs = answerDefaultMs,
): Promise<Client> {
  const place = `Temporal at ${options.address ?? 'its default address'} (namespace ${namespace})`;
  let connection: Connection | undefined;
  try {
    const interceptors = [makeGrpcRetryInterceptor(defaultGrpcRetryOptions()), ignoreRetriesAfterClosing()];
    const channel = channelTo(options.address);
    connection = await Connection.connect({ connectTimeout: answerMaxMs, ...channel, ...options, interceptors });
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
  return new TrawlError('TEMPORAL_UNREACHABLE', `${place} is another server than the one that was started here.`, {
    hint: 'Try again: the one that was started here has ended, or is being started again.',
  });
}

/** Undefined where nothing has been answered. */
function ofAnswer(error: unknown, namespace: string): Diagnosis | undefined {
  const { code, details } = error as { code?: unknown; details?: unknown };
  const said = typeof details === 'string' && details !== '' ? ` (${details.replace(/\.$/, '')})` : '';
  switch (code) {
    case grpcStatus.DEADLINE_EXCEEDED:
      return undefined;
    case grpcStatus.NOT_FOUND:
      return {
        problem: 'it has no such namespace',
        hint: `Check TEMPORAL_NAMESPACE, or make it: temporal operator namespace create -n ${namespace}.`,
        refused: true,
      };
    case grpcStatus.UNAUTHENTICATED:
    case grpcStatus.PERMISSION_DENIED:
      return {
        problem: `it does not let these credentials in${said}`,
        hint: 'Check TEMPORAL_API_KEY or the client certificate, and that they are for TEMPORAL_NAMESPACE.',
        refused: true,
      };
    case grpcStatus.UNIMPLEMENTED:
      return {
        problem: 'what listens there is no Temporal server',
        hint: 'Check TEMPORAL_ADDRESS: it is the gRPC port (7233, as a rule), not the port of the UI.',
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

/** What was thrown before anything was sent: an address of the wrong form, a key that does not fit its certificate. */
function isNodeError(error: unknown): boolean {
  return error instanceof TypeError || typeof (error as { code?: unknown }).code === 'string';
}
