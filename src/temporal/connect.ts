import { Client, Connection, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';
import { reasonOf, TrawlError } from '../errors.js';
import { ignoreRetriesAfterClosing } from './after-closing.js';
import type { TemporalAddress } from './connection.js';
import { type Diagnosis, diagnose } from './diagnosis.js';
import { clientOptions } from './proxy.js';

/** gRPC status codes. */
const grpcStatus = {
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  UNIMPLEMENTED: 12,
  UNAUTHENTICATED: 16,
} as const;

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
